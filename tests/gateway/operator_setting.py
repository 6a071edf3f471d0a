"""A gateway with the services beside it that an operator's questions go to, in this process."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from contracts.ids import uuid7
from gateway.app import make_app
from gateway.outbound.rate_store import RateStore
from gateway.parts.clients import Others
from gateway_tools import Customer, World
from ledger.app import internal_app
from ledger.domain.facts import Completed, Fact, Granted, Requested, Stored
from ledger.domain.task import Request, Verdict
from ledger.settings import Settings as LedgerSettings
from ledger.usecases.apply_facts import ApplyFacts
from pydantic import SecretStr
from runtime.db import Database
from runtime.internal import InternalClient
from runtime.outbox.recorder import Outbox
from starlette.applications import Starlette

TOKEN = "service-token"
APPLY = ApplyFacts(Outbox("ledger"), hold_margin=timedelta(hours=24))


def beside(name: str, app: Starlette) -> InternalClient:
    """A client that reaches the app without a socket."""
    client = InternalClient(name, f"http://{name}.test", TOKEN)
    client._http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=client._http.base_url, headers=client._http.headers
    )
    return client


def ledger_app(db: Database) -> Starlette:
    settings = LedgerSettings(
        environment="dev",
        database_dsn=SecretStr(db.dsn),
        kafka_bootstrap="unused:9",
        service_token=SecretStr(TOKEN),
    )
    return internal_app(settings, db, APPLY)


@dataclass
class OperatorSetting:
    """A gateway, a ledger beside it, an operator and two customers."""

    world: World
    ledger_db: Database
    operator: Customer
    ann: Customer
    bob: Customer

    async def tell_ledger(self, *facts: Fact) -> None:
        async with self.ledger_db.transaction() as tx:
            await APPLY(tx, facts)

    async def grant(self, account: UUID, micro: int, asset: str = "credit") -> None:
        await self.tell_ledger(Granted(uuid7(), account, datetime.now(UTC), asset, micro, "topup", "paid"))

    async def freeze(self, account: UUID, task: UUID, micro: int) -> None:
        now = datetime.now(UTC)
        request = Request("credit", micro, now, now + timedelta(hours=1), "00-trace")
        await self.tell_ledger(Requested(task, account, now, request, 1))

    async def settle(self, account: UUID, task: UUID, micro: int) -> None:
        now = datetime.now(UTC)
        done = Completed(task, account, now, Verdict("succeeded", actual_micro=micro))
        await self.tell_ledger(done, Stored(task, account, now, "stored"))


@asynccontextmanager
async def operator_setting(
    world: World, ledger_db: Database, others: Mapping[str, Starlette]
) -> AsyncIterator[OperatorSetting]:
    """While it is there the gateway's app is another one: it knows where the others are."""
    apps = {"ledger": ledger_app(ledger_db), **others}
    owners = {name: beside(name, app) for name, app in apps.items()}
    alone, rates, others_known = world.app, RateStore("memory://"), Others(owners=owners)
    parts = (world.settings, world.db, Outbox("gateway"), world.follow, world.objects, rates)
    world.app = make_app(*parts, others_known)
    operator = await world.customer(role="admin")
    yield OperatorSetting(world, ledger_db, operator, await world.customer(), await world.customer())
    world.app = alone
    for owner in owners.values():
        await owner.stop()


def code(answer: httpx.Response) -> tuple[int, str, str | None]:
    error: dict[str, Any] = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]
