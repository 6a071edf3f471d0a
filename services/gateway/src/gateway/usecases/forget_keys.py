"""Forget idempotency keys that were kept long enough."""

from datetime import timedelta

import structlog
from runtime.db import Database

from gateway.db import deletions

log = structlog.get_logger()

_BATCH = 5000


class ForgetKeys:
    """Run it now and then; several processes may."""

    def __init__(self, db: Database, keep: timedelta) -> None:
        self._db, self._keep = db, keep

    async def __call__(self) -> None:
        """Delete the old records, a batch per transaction."""
        forgotten = 0
        while True:
            async with self._db.transaction() as tx:
                count = await deletions.forget_keys(tx, self._keep, _BATCH)
            forgotten += count
            if count < _BATCH:
                break
        if forgotten:
            log.info("idempotency_keys_forgotten", count=forgotten)
