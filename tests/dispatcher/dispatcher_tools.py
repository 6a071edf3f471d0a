"""Helpers of the dispatcher's tests."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
from catalog.catalog import Catalog
from contracts.ids import uuid7
from dispatcher.app import worker_parts
from dispatcher.domain.facts import CancelRequested, Deleted, Fact, Frozen, Reported, Requested, Settled
from dispatcher.domain.job import CancelReason
from dispatcher.settings import Settings
from dispatcher.usecases.apply_facts import ApplyFacts
from runtime.db import Database
from runtime.health import Part
from runtime.outbox.recorder import Outbox
from runtime.work.worker import Worker

from tests.passing_time import NEARER

SEEDANCE, VEO, WAN = "doubao-seedance-2-0-fast", "veo3-1-quality", "wan2-6-i2v-flash"
SECRET = "test-callback-secret"
CATALOG = Catalog.load()
STORE = {
    "s3_endpoint": "http://127.0.0.1:9",
    "s3_bucket": "bucket",
    "s3_access_key": "access",
    "s3_secret_key": "secret",
}
BASES = {
    "ark": "/ark/api/v3",
    "comfyui": "/comfyui",
    "dashscope": "/dashscope/api/v1",
    "fal": "/fal",
    "gemini": "/gemini/v1beta",
}


UNCERTAIN = {"uncertain_after_seconds": 4.0}
"""For tests that wait for it. For all others it is longer than a machine stands still."""


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 60.0) -> Any:
    """The condition's first truthy value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = await condition()
        if value:
            return value
        await asyncio.sleep(0.03)
    raise AssertionError(f"not within {seconds} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Simulator:
    """A running provider simulator."""

    url: str
    http: httpx.AsyncClient

    async def set(self, **settings: Any) -> None:
        answer = await self.http.put("/_control/settings", json=settings)
        assert answer.status_code == 200, answer.text

    async def finish(self, provider: str = "ark") -> None:
        """End the waits of its jobs: for their end, or for the word that contradicts it."""
        answer = await self.http.post("/_control/finish", params={"provider": provider})
        assert answer.status_code == 200, answer.text

    async def over(self, count: int = 1) -> bool:
        """Whether so many jobs were accepted and all have succeeded."""
        return [job["state"] for job in await self.jobs()] == ["succeeded"] * count

    async def record(self, provider: str = "ark") -> None:
        """Keep the requests that come from now on."""
        await self.http.delete("/_control/requests", params={"provider": provider})
        await self.set(**{provider: {"record": True}})

    async def came(self, provider: str = "ark") -> list[str]:
        """The methods of the requests that were kept."""
        answer = await self.http.get("/_control/requests", params={"provider": provider})
        return [each["method"] for each in answer.json()["requests"]]

    async def jobs(self, provider: str = "") -> list[dict[str, Any]]:
        answer = await self.http.get("/_control/log", params={"provider": provider})
        found: list[dict[str, Any]] = answer.json()["jobs"]
        return found


@dataclass
class Dispatcher:
    """A dispatcher on a database of its own, without a bus: facts go straight to the use case."""

    db: Database
    simulator: Simulator
    options: dict[str, Any] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    async def start(self, **options: Any) -> Worker:
        """One more worker process, as far as the database can tell."""
        providers = {
            name: {
                "base_url": self.simulator.url + path,
                "credentials": [{"id": "sim", "secret": "sim-key"}],
                "simulated": True,
                "poll_seconds": 0.2,
                **options.pop(name, {}),
            }
            for name, path in BASES.items()
        }
        settings = Settings.model_validate(
            {
                "environment": "dev",
                "database_dsn": self.db.dsn,
                "kafka_bootstrap": "none:1",
                "providers": providers,
                "absent_after_seconds": 2.0,
                "uncertain_after_seconds": 60.0,
                "worker_idle_seconds": 0.05,
                **STORE,
                **options,
            }
        )
        worker, needed = worker_parts(settings, self.db, Outbox("dispatcher"))
        for part in (*needed, worker):
            await part.start()
            self.parts.append(part)
        self.workers.append(worker)
        return worker

    async def stop(self) -> None:
        for part in reversed(self.parts):
            await part.stop()

    async def kill(self, worker: Worker) -> None:
        """As kill -9: whatever it does ends where it is; its leases end early, as time would end them."""
        assert worker._loop is not None
        tasks = [worker._loop, *worker._busy]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.parts.remove(worker)
        await self.db.pool.execute("UPDATE work SET due_at = now() WHERE leased")

    async def apply(self, *facts: Fact) -> None:
        async with self.db.transaction() as tx:
            await ApplyFacts(self.wake)(tx, facts)

    def wake(self) -> None:
        for worker in self.workers:
            worker.wake()

    async def accept(self, prompt: str = "a street", **how: Any) -> UUID:
        """A frozen task."""
        request = requested(prompt, **how)
        await self.apply(request, frozen(request))
        return request.task_id

    async def said(self, task: UUID, topic: str) -> list[dict[str, Any]]:
        """What was said of a task, in order."""
        found = await self.db.pool.fetch(
            "SELECT value::text AS value FROM outbox WHERE topic = $1 AND subject = $2 ORDER BY id",
            topic,
            str(task),
        )
        return [orjson.loads(row["value"]) for row in found]

    async def completed(self, task: UUID, seconds: float = 60.0) -> dict[str, Any]:
        found: list[dict[str, Any]] = await until(lambda: self.said(task, "provider.completed"), seconds)
        assert len(found) == 1
        return found[0]

    async def attempts(self, task: UUID) -> list[dict[str, Any]]:
        found = await self.db.pool.fetch("SELECT * FROM attempts WHERE task_id = $1 ORDER BY n", task)
        return [dict(row) for row in found]

    async def submitted(self, task: UUID) -> bool:
        """Whether the task's only attempt is at the provider and goes on."""
        return [each["status"] for each in await self.attempts(task)] == ["submitted"]

    async def time_passes(self, seconds: float, *tasks: UUID) -> None:
        """Bring these tasks' deadlines, and when they are looked at next, nearer by so much."""
        for statement in NEARER:
            await self.db.pool.execute(statement, tasks, seconds)
        self.wake()

    async def work_rows(self) -> int:
        count: int = await self.db.pool.fetchval("SELECT count(*) FROM work")
        return count


def requested(
    prompt: str = "a street",
    *,
    model: str = SEEDANCE,
    seconds: float = 3600.0,
    asset: str = "credit",
    account: UUID | None = None,
    **fields: Any,
) -> Requested:
    known = CATALOG.get(model)
    images = {"image_urls": ["https://host.invalid/a.jpg"]} if model == WAN else {}
    given = {"prompt": prompt, **images, **fields}
    complete = known.with_defaults(given) if known else given
    now = datetime.now(UTC)
    return Requested(
        task_id=uuid7(),
        account_id=account or uuid7(),
        asset=asset,
        model=model,
        input=complete,
        derive=("gif",),
        price_rule=known.quote(complete).rule if known else {"kind": "flat", "micro": 1},
        requested_at=now,
        deadline=now + timedelta(seconds=seconds),
        traceparent=f"00-{'1' * 32}-{'2' * 16}-01",
    )


def frozen(request: Requested) -> Frozen:
    return Frozen(request.task_id, request.account_id, datetime.now(UTC), request.deadline, None)


def cancel(request: Requested, reason: CancelReason = "client") -> CancelRequested:
    return CancelRequested(request.task_id, request.account_id, datetime.now(UTC), reason)


def deleted(request: Requested) -> Deleted:
    return Deleted(request.task_id, request.account_id, datetime.now(UTC))


def settled(request: Requested, outcome: str = "released") -> Settled:
    return Settled(request.task_id, request.account_id, outcome, datetime.now(UTC))


@dataclass
class Callbacks:
    """A stand-in for the callbacks service: checks the token, tells the dispatcher."""

    url: str
    received: list[Reported] = field(default_factory=list)
    forged: int = 0
