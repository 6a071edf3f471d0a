"""A deleted task: its objects first, also those that were never copied, then the rows that name them."""

import structlog
from runtime.db import Database
from runtime.work import table as work
from runtime.work.table import Claim

from storage.db import deletions
from storage.domain import inbox
from storage.usecases.workshop import Workshop

log = structlog.get_logger()

WORK = "erase"
"""The kind of the work rows; their id is the task's."""


class EraseTask:
    """Handles one claim; whatever can't be reached now is tried again."""

    def __init__(self, db: Database, workshop: Workshop) -> None:
        self._db, self._workshop = db, workshop

    async def __call__(self, claim: Claim) -> None:
        """Raises ObjectStoreError while the objects can't be removed: the rows still name them then."""
        async with self._db.transaction() as tx:
            await deletions.end(tx, claim.id)
        store = self._workshop.tools.store
        keys = await deletions.objects(self._db.pool, claim.id)
        async for page in store.listed(inbox.folder(claim.id)):
            keys += [each.key for each in page]
        for key in keys:
            await store.delete(key)
        async with self._db.transaction() as tx:
            await deletions.forget(tx, claim.id)
            await work.complete(tx, [claim])
        log.info("erased", task_id=str(claim.id), account_id=str(claim.account_id), objects=len(keys))
