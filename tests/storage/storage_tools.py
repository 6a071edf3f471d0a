"""Helpers of the storage service's tests: a service on a database of its own, without a bus."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from contracts.events import AssetStored
from contracts.ids import uuid7
from runtime.db import Database
from runtime.egress.testing import RawServer
from runtime.health import Part
from runtime.outbox.recorder import Outbox
from runtime.work.worker import Worker
from storage.app import make_workshop, worker_parts
from storage.domain.task import Fact, Output, Succeeded
from storage.outbound.objects import StoreConfig
from storage.settings import Settings
from storage.usecases.accept_results import AcceptResults
from storage.usecases.workshop import Workshop

JOB = "cgt-1"
ASK = f"/ark/contents/generations/tasks/{JOB}"
"""Where the Ark adapter asks for the state of `JOB`."""


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 60.0) -> Any:
    """The condition's first truthy value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = await condition()
        if value:
            return value
        await asyncio.sleep(0.03)
    raise AssertionError(f"not within {seconds} s")


@dataclass
class Storage:
    """A storage service whose facts go straight to the use case."""

    db: Database
    provider: RawServer
    store: StoreConfig
    spool: Path
    parts: list[Part] = field(default_factory=list)
    workshop: Workshop | None = None

    def settings(self, **options: Any) -> Settings:
        credentials = [{"id": "main", "secret": "key"}]
        bases = {name: self.provider.url(f"/{name}") for name in ("ark", "gemini")}
        given = {
            "environment": "dev",
            "database_dsn": self.db.dsn,
            "kafka_bootstrap": "-",
            "s3_endpoint": self.store.endpoint,
            "s3_bucket": self.store.bucket,
            "s3_access_key": self.store.access_key,
            "s3_secret_key": self.store.secret_key,
            "allowed_hosts": [f"127.0.0.1:{self.provider.port}"],
            "providers": {
                name: {"base_url": base, "credentials": credentials} for name, base in bases.items()
            },
            "spool_directory": self.spool,
            "probe_processes": 1,
            "worker_idle_seconds": 0.05,
        }
        return Settings(**(given | options))

    async def start(self, **options: Any) -> Worker:
        """One more worker process, as far as the database can tell."""
        settings = self.settings(**options)
        self.workshop = make_workshop(settings)
        worker, needed = worker_parts(settings, self.db, Outbox("storage"), self.workshop)
        for part in (*needed, worker):
            await part.start()
            self.parts.append(part)
        return worker

    async def stop(self) -> None:
        for part in reversed(self.parts):
            await part.stop()
        self.parts.clear()

    async def accept(self, *facts: Fact) -> None:
        async with self.db.transaction() as tx:
            await AcceptResults()(tx, facts)

    def serve(self, path: str, content: bytes) -> str:
        """Offer a file at the provider; its address."""
        self.provider.answer(path, f"200 OK\r\ncontent-length: {len(content)}", content)
        return self.provider.url(path)

    def answer_poll(self, url: str) -> None:
        """What the provider says when it is asked for the job."""
        body = orjson.dumps({"id": JOB, "status": "succeeded", "content": {"video_url": url}})
        self.provider.answer(ASK, f"200 OK\r\ncontent-length: {len(body)}", body)

    def fetched(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(seen == path for seen, _ in self.provider.seen)

    async def said(self) -> list[AssetStored]:
        found = await self.db.pool.fetch("SELECT value FROM outbox WHERE topic = 'asset.stored' ORDER BY id")
        return [AssetStored.model_validate(row["value"]) for row in found]

    async def word(self, fact: Succeeded, seconds: float = 60.0) -> AssetStored:
        """The one thing said of a task, once its work is gone too."""

        async def ended() -> AssetStored | None:
            words = [event for event in await self.said() if event.task_id == fact.task_id]
            assert len(words) <= 1
            return words[0] if words and await self.work(fact) is None else None

        found: AssetStored = await until(ended, seconds)
        return found

    async def work(self, fact: Succeeded) -> dict[str, Any] | None:
        row = await self.db.pool.fetchrow("SELECT * FROM work WHERE id = $1", fact.task_id)
        return dict(row) if row else None

    async def row(self, fact: Succeeded) -> dict[str, Any]:
        row = await self.db.pool.fetchrow("SELECT * FROM tasks WHERE task_id = $1", fact.task_id)
        assert row is not None
        return dict(row)

    async def retry_now(self, fact: Succeeded) -> None:
        """Spare the test the backoff, once the try has failed."""

        async def waits() -> bool:
            work = await self.work(fact)
            return work is not None and not work["leased"] and work["tries"] > 0

        await until(waits)
        await self.db.pool.execute("UPDATE work SET due_at = now() WHERE id = $1", fact.task_id)


def succeeded(*outputs: Output, account: UUID | None = None, **changes: Any) -> Succeeded:
    """A fact as the dispatcher tells it of Ark."""
    given: dict[str, Any] = {
        "task_id": uuid7(),
        "account_id": account or uuid7(),
        "attempt": 1,
        "outputs": outputs,
        "derive": (),
        "provider": "ark",
        "protocol": "ark",
        "provider_job_id": JOB,
        "credential_id": "main",
        "deadline": datetime.now(UTC) + timedelta(hours=1),
        "traceparent": None,
    }
    return Succeeded(**(given | changes))


def video(url: str, index: int = 0) -> Output:
    return Output(index, "video", None, url)
