"""A gateway with callbacks beside it, its customers, and a customer's server."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from callbacks.domain.news import Deleted, Message
from callbacks.usecases.accept_news import AcceptNews
from callbacks_process import TOKEN, callbacks_beside
from contracts.ids import uuid7
from gateway.app import make_app
from gateway.outbound.rate_store import RateStore
from gateway.parts.clients import Others
from gateway_tools import Customer, World, until
from runtime.db import Database
from runtime.internal import InternalClient
from runtime.outbox.recorder import Outbox

sys.path.insert(0, str(Path(__file__).parents[1] / "callbacks"))

from receiver import Receiver, receiving

BASE = "/api/v1/webhooks"


@dataclass
class Setting:
    """A gateway with callbacks beside it, two customers, and a customer's server."""

    world: World
    callbacks_db: Database
    receiver: Receiver
    ann: Customer
    bob: Customer

    async def say(self, customer: Customer, **changes: Any) -> Message:
        values: dict[str, Any] = {
            "id": uuid7(),
            "account_id": customer.id,
            "type": "task.succeeded",
            "task_id": uuid7(),
            "at": datetime.now(UTC),
            "data": {"object": "task"},
        }
        message = Message(**(values | changes))
        await self.tell(message)
        return message

    async def tell(self, fact: Message | Deleted) -> None:
        async with self.callbacks_db.transaction() as tx:
            await AcceptNews()(tx, [fact])

    async def add(
        self, path: str = "/hook", customer: Customer | None = None, **fields: Any
    ) -> dict[str, Any]:
        api = (customer or self.ann).api
        answer = await api.post(BASE, json={"url": self.receiver.url(path), **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def log(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.ann.api.get(f"{BASE}/deliveries", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def ended(self, **query: Any) -> list[dict[str, Any]]:
        async def over() -> list[dict[str, Any]]:
            found = await self.log(**query)
            return [] if any(each["status"] == "pending" for each in found) else found

        return await until(over)


@asynccontextmanager
async def webhook_setting(world: World, db: Database) -> AsyncIterator[Setting]:
    """While it is there the gateway's app is another one: it knows where callbacks is."""
    async with receiving() as receiver, callbacks_beside(db, (receiver.address,)) as url:
        client = InternalClient("callbacks", url, TOKEN)
        alone, rates = world.app, RateStore("memory://")
        parts = (world.settings, world.db, Outbox("gateway"), world.follow, world.objects, rates)
        world.app = make_app(*parts, Others(callbacks=client))
        yield Setting(world, db, receiver, await world.customer("10"), await world.customer("10"))
        world.app = alone
        await client.stop()
