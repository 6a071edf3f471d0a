"""Forget what was delivered or given up once its retention time is over."""

import structlog
from runtime.db import Database

from callbacks.db import messages

log = structlog.get_logger()

CHUNK = 500


async def forget_deliveries(db: Database, retention_days: int) -> int:
    """Delete older messages with their deliveries and attempts, in short transactions; how many went."""
    gone = 0
    while True:
        async with db.transaction() as tx:
            deleted = await messages.forget(tx, retention_days, CHUNK)
        gone += deleted
        if deleted < CHUNK:
            break
    if gone:
        log.info("deliveries_forgotten", count=gone)
    return gone
