"""Listeners, for local development: news that are fetched, not sent. Who asks no more is forgotten."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ids import uuid7
from runtime.db import Database

from callbacks.db import endpoints, listeners

MOST_LISTENERS = 5
MOST_NEWS = 20
LONGEST_WAIT = 20.0
_PAUSE = 0.5


class TooManyListeners(Exception):
    """The account has as many as it may have."""


@dataclass(frozen=True, slots=True)
class Poll:
    """`acknowledged`: deliveries that need not come again; `wait`: seconds to wait for news."""

    acknowledged: Sequence[UUID]
    wait: float


async def listen(db: Database, account_id: UUID, events: Sequence[str]) -> UUID:
    """Begin to listen to what happens from now on; the listener's id. Raises TooManyListeners."""
    listener_id = uuid7()
    async with db.transaction() as tx:
        if await endpoints.count(tx, account_id, listeners=True) >= MOST_LISTENERS:
            raise TooManyListeners
        await endpoints.insert(tx, listener_id, account_id, None, "", events)
    return listener_id


async def poll(db: Database, account_id: UUID, listener_id: UUID, asked: Poll) -> list[dict[str, Any]] | None:
    """What it has not acknowledged, oldest first; None when there is no such listener.

    What isn't acknowledged comes again: at least once.
    """
    async with db.transaction() as tx:
        if not await listeners.touch(tx, account_id, listener_id):
            return None
        await listeners.acknowledge(tx, listener_id, asked.acknowledged)
    end = time.monotonic() + min(asked.wait, LONGEST_WAIT)
    while True:
        news = await listeners.news(db.pool, listener_id, MOST_NEWS)
        if news or time.monotonic() >= end:
            return news
        await asyncio.sleep(_PAUSE)


async def stop_listening(db: Database, account_id: UUID, listener_id: UUID) -> bool:
    """End a listener; False when there is none."""
    async with db.transaction() as tx:
        await listeners.end_news(tx, account_id, listener_id)
        return await endpoints.delete(tx, account_id, listener_id)
