"""The delivering side on a real database: endpoints, news, and workers that post over real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from callbacks.app import SERVICE, make_post, make_worker
from callbacks.db import endpoints
from callbacks.domain import signing
from callbacks.domain.news import Message
from callbacks.settings import Settings
from callbacks.usecases.accept_news import AcceptNews
from contracts.ids import uuid7
from runtime.db import Database
from runtime.outbox.recorder import Outbox
from runtime.work.worker import Worker
from standardwebhooks import Webhook

DOCUMENT = {"object": "task", "task_id": "task_01", "status": "succeeded", "cost_actual": 0.0657}


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
class Sender:
    """One service on one database."""

    db: Database
    settings: Settings
    account: UUID = field(default_factory=uuid4)

    async def endpoint(self, url: str, *events: str, account: UUID | None = None) -> UUID:
        made = uuid7()
        async with self.db.transaction() as tx:
            await endpoints.insert(tx, made, account or self.account, url, "", events)
        return made

    def key(self, owner: UUID, generation: int = 1) -> bytes:
        return signing.derive(self.settings.signing_key.get_secret_value().encode(), owner, generation)

    def verifier(self, owner: UUID, generation: int = 1) -> Webhook:
        """The official library, told the secret as its owner is shown it."""
        return Webhook(signing.secret_text(self.key(owner, generation)))

    async def say(self, **changes: Any) -> Message:
        """Let the consumer take a message in."""
        values: dict[str, Any] = {
            "id": uuid7(),
            "account_id": self.account,
            "type": "task.succeeded",
            "task_id": uuid4(),
            "at": datetime.now(UTC),
            "data": DOCUMENT,
        }
        message = Message(**(values | changes))
        await self.tell(message)
        return message

    async def tell(self, *messages: Message) -> None:
        async with self.db.transaction() as tx:
            await AcceptNews()(tx, list(messages))

    @asynccontextmanager
    async def working(self, **changes: Any) -> AsyncIterator[Worker]:
        """A worker's process, as it were."""
        settings = self.settings.model_copy(update=changes)
        post = make_post(settings)
        worker = make_worker(settings, self.db, Outbox(SERVICE), post)
        await worker.start()
        try:
            yield worker
        finally:
            await worker.stop()
            await post.stop()

    async def delivery(self, message: Message, endpoint: UUID | None = None) -> asyncpg.Record:
        row = await self.db.pool.fetchrow(
            "SELECT * FROM deliveries WHERE message_id = $1 AND endpoint_id IS NOT DISTINCT FROM $2",
            message.id,
            endpoint,
        )
        assert row is not None
        return row

    async def ended(self, message: Message, endpoint: UUID | None = None) -> asyncpg.Record:
        """The delivery once its round is over."""

        async def over() -> asyncpg.Record | None:
            row = await self.delivery(message, endpoint)
            return row if row["state"] != "pending" else None

        return await until(over)

    async def attempts(self, delivery: UUID) -> list[asyncpg.Record]:
        return await self.db.pool.fetch(
            "SELECT * FROM delivery_attempts WHERE delivery_id = $1 ORDER BY number", delivery
        )

    async def attempts_of(self, message: Message) -> list[asyncpg.Record]:
        return await self.attempts((await self.delivery(message))["id"])

    async def said(self) -> list[dict[str, Any]]:
        rows = await self.db.pool.fetch(
            "SELECT value FROM outbox WHERE topic = 'webhook.delivered' ORDER BY id"
        )
        return [row["value"] for row in rows]
