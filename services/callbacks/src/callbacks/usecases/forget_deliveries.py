"""Forget what was delivered or given up once its retention time is over."""

from collections.abc import Awaitable, Callable

import structlog
from runtime.db import Database, Tx

from callbacks.db import deleted_tasks, endpoints, messages

log = structlog.get_logger()

CHUNK = 500
LISTENER_MINUTES = 10


async def forget_deliveries(db: Database, retention_days: int) -> int:
    """Delete older messages with their deliveries and attempts, in short transactions; how many went.

    Listeners that nobody asks for their news any more go too.
    """
    gone = await _in_chunks(db, lambda tx: messages.forget(tx, retention_days, CHUNK))
    await _in_chunks(db, lambda tx: deleted_tasks.forget(tx, retention_days, CHUNK))
    async with db.transaction() as tx:
        await endpoints.forget_listeners(tx, LISTENER_MINUTES)
    if gone:
        log.info("deliveries_forgotten", count=gone)
    return gone


async def _in_chunks(db: Database, forget: Callable[[Tx], Awaitable[int]]) -> int:
    gone = 0
    while True:
        async with db.transaction() as tx:
            deleted = await forget(tx)
        gone += deleted
        if deleted < CHUNK:
            return gone
