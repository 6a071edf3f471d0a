"""A gateway on a real database, its customers, and what other services say to it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
from contracts.ids import uuid7
from fastapi import FastAPI
from gateway.app import make_app
from gateway.db import accounts, task_events
from gateway.db.keys import Terms
from gateway.domain.facts import Balance, Changed, Fact
from gateway.domain.scopes import SCOPES
from gateway.outbound.objects import Objects
from gateway.outbound.rate_store import RateStore
from gateway.parts.background import tell_owners
from gateway.parts.clients import Others
from gateway.parts.shared import store_address
from gateway.settings import Settings
from gateway.usecases.create_key import KeyRequest, create_key
from gateway.usecases.follow_tasks import FollowTasks
from gateway.usecases.project_facts import ProjectFacts
from runtime.db import Database
from runtime.internal import InternalClient
from runtime.outbox.recorder import Outbox

PEPPER = "test-pepper"
SEEDANCE = {
    "prompt": "A cinematic tracking shot of a futuristic city street after rain",
    "size": "16:9",
    "resolution": "720p",
    "duration": 5,
    "generate_audio": True,
}
SEEDANCE_MICRO = 6_570_000


def seedance(**changes: Any) -> dict[str, Any]:
    """The documents' second request, with changes to its input."""
    return {"model": "doubao-seedance-2-0-fast", "input": SEEDANCE | changes}


async def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait for a condition, not for a time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value or time.monotonic() > end:
            assert value, "the condition never came true"
            return value
        await asyncio.sleep(0.01)


@dataclass
class Customer:
    """An account, its key, and a client that sends it."""

    id: UUID
    key: str
    key_id: UUID
    api: httpx.AsyncClient

    async def submit(self, body: Any, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return await self.api.post("/api/v1/tasks", json=body, headers=headers)

    async def task(self, task_id: UUID | str) -> dict[str, Any]:
        response = await self.api.get(f"/api/v1/tasks/{task_id}")
        assert response.status_code == 200, response.text
        return response.json()

    async def credits(self) -> dict[str, Any]:
        return (await self.api.get("/api/v1/credits")).json()


@dataclass
class World:
    """A gateway (or several) on one database."""

    db: Database
    settings: Settings
    app: FastAPI
    follow: FollowTasks
    objects: Objects
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, key: str | None = None, app: FastAPI | None = None) -> httpx.AsyncClient:
        made = httpx.AsyncClient(
            transport=httpx.ASGITransport(app or self.app),
            base_url="http://gateway.test",
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )
        self.clients.append(made)
        return made

    def another_gateway(
        self, db: Database, rate_store: str = "memory://", dispatcher: InternalClient | None = None
    ) -> FastAPI:
        follow = FollowTasks(db, 1)
        objects, rates = Objects(store_address(self.settings)), RateStore(rate_store)
        return make_app(
            self.settings, db, Outbox("gateway"), follow, objects, rates, Others(dispatcher=dispatcher)
        )

    async def customer(
        self, funds: str = "0", *, tier: str = "studio", asset: str = "credit", role: str = "user"
    ) -> Customer:
        account = uuid7()
        async with self.db.transaction() as tx:
            await accounts.insert(tx, account, "somebody", tier, role)
        key_id, key = await create_key(
            self.db, KeyRequest(account, Terms("a key", SCOPES), asset), PEPPER.encode()
        )
        if funds != "0":
            micro = int(Decimal(funds) * 1_000_000)
            await self.say([Changed(uuid7(), now(), Balance(account, asset, micro, 0, 1))])
        return Customer(account, key, key_id, self.client(key))

    async def say(self, facts: list[Fact]) -> None:
        """Let the consumer take facts in."""

        async def announce(ids: Any) -> None:
            await task_events.notify(self.db.pool, ids)

        async with self.db.transaction() as tx:
            await ProjectFacts(announce, tell_owners(self.settings, Outbox("gateway")))(tx, facts)


def now() -> datetime:
    return datetime.now(UTC)


def settings_for(dsn: str, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "environment": "dev",
        "database_dsn": dsn,
        "kafka_bootstrap": "127.0.0.1:1",
        "s3_endpoint": "http://127.0.0.1:1",
        "s3_bucket": "none",
        "s3_access_key": "x",
        "s3_secret_key": "x",
        "key_pepper": PEPPER,
        "providers": {
            "ark": "simulated",
            "dashscope": "simulated",
            "fal": "simulated",
            "gemini": "simulated",
        },
        "public_url": "http://files.test",
        "most_unsent_seconds": 86_400,  # no relay sends here what is written
        "events_poll_seconds": 0.5,
        "events_heartbeat_seconds": 0.2,
    }
    return Settings(**(values | changes))
