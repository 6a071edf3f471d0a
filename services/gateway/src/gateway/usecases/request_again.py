"""Nothing waits in silence: what the ledger has not answered is requested again, what is late is reported."""

from datetime import UTC, datetime, timedelta

import structlog
from contracts.ids import task_text
from runtime.db import Database
from runtime.outbox.recorder import Outbox

from gateway import metrics
from gateway.db import unanswered
from gateway.outbound import events

log = structlog.get_logger()

_BATCH = 200


class RequestAgain:
    """Run it every few seconds; several processes may."""

    def __init__(self, db: Database, outbox: Outbox, *, after: timedelta, limit: int) -> None:
        self._db, self._outbox, self._after, self._limit = db, outbox, after, limit
        self._since = datetime(2000, 1, 1, tzinfo=UTC)

    async def __call__(self) -> None:
        """Look at the tasks that are not finished, from the oldest on that was so the last time."""
        found = await unanswered.still_open(self._db.pool, self._since)
        if found.overdue:
            log.warning(
                "tasks_overdue", count=found.overdue, task_ids=[task_text(each) for each in found.examples]
            )
        if found.oldest is None:
            return
        self._since = found.oldest - unanswered.LATE_COMMIT
        async with self._db.transaction() as tx:
            repeats = await unanswered.take_repeats(tx, self._since, self._after, self._limit, _BATCH)
            await self._outbox.record(
                tx,
                (events.task_requested(r.submission, r.requested_at, r.deadline, r.repeat) for r in repeats),
            )
        if repeats:
            metrics.REPEATED.inc(len(repeats))
            log.warning("requested_again", count=len(repeats))
