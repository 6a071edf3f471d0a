"""Forget raw webhooks once their retention time is over."""

import structlog
from runtime.db import Database

from callbacks.db import webhooks as table

log = structlog.get_logger()

CHUNK = 1000


async def forget_webhooks(db: Database, retention_days: int) -> int:
    """Delete what is older, in short transactions; how many went. Safe to run in several processes."""
    gone = 0
    while True:
        async with db.transaction() as tx:
            deleted = await table.delete_older_than(tx, retention_days, CHUNK)
        gone += deleted
        if deleted < CHUNK:
            break
    if gone:
        log.info("webhooks_forgotten", count=gone)
    return gone
