"""Delete final tasks: on demand, and when their account's retention is over. What they cost stays."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

import structlog
from runtime.db import Database
from runtime.outbox.recorder import Outbox

from gateway.db import deletions, restores
from gateway.outbound import events
from gateway.outbound.events import DeleteReason

log = structlog.get_logger()

_BATCH = 200
_MOST_ROUNDS = 50


class DeleteTasks:
    """Scrubs the gateway's rows and tells the others, who scrub theirs."""

    def __init__(self, db: Database, outbox: Outbox) -> None:
        self._db, self._outbox = db, outbox

    async def __call__(self, task_ids: Sequence[UUID], reason: DeleteReason = "client") -> int:
        """Delete those that are final; how many were not deleted before."""
        async with self._db.transaction() as tx:
            deleted = await deletions.scrub(tx, task_ids)
            await self._outbox.record(
                tx,
                (events.task_deleted(d.task_id, d.account_id, d.deleted_at, reason) for d in deleted),
            )
        for each in deleted:
            log.info(
                "task_deleted", task_id=str(each.task_id), account_id=str(each.account_id), reason=reason
            )
        return len(deleted)

    async def expire(self) -> None:
        """Delete what ended longer ago than its account's retention, and finish what a restore had to
        postpone. Run it now and then."""
        for task_id, reason in await restores.due(self._db.pool, _BATCH):
            await self([task_id], cast("DeleteReason", reason))
            await restores.done(self._db.pool, [task_id])
        for _ in range(_MOST_ROUNDS):
            due = await deletions.expired(self._db.pool, _BATCH)
            if not due or await self(due, "retention") == 0:
                return
