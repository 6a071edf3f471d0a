"""Cancel a task: the wish is written down and said; what becomes of it is the dispatcher's and the ledger's.

Not submitted yet: nothing is sent and the hold goes back at once. Submitted: the provider is asked, and the
hold stays until a definite answer or the deadline.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from runtime.db import Database, Tx
from runtime.outbox.recorder import Outbox

from gateway.db import task_events, tasks
from gateway.domain.facts import CancelRequested
from gateway.domain.projection import CANCELLED, FINAL, Task, project
from gateway.outbound import events

Cancelled = Literal["requested", "cancelled", "final"]
"""Asked for now or before; already cancelled; ended otherwise."""


@dataclass(frozen=True, slots=True)
class CancelTask:
    """Every surface's way to stop a task."""

    db: Database
    outbox: Outbox

    async def __call__(self, account_id: UUID, task_id: UUID) -> Cancelled | None:
        """How it stands; None when the account has no such task. A repeat says nothing again."""
        async with self.db.transaction() as tx:
            task = (await tasks.read(tx, [task_id])).get(task_id)
            if task is None or task.account_id != account_id:
                return None
            if task.status in FINAL:
                return "cancelled" if task.status == CANCELLED else "final"
            if task.cancel_requested_at is None:
                await self._request(tx, task)
            return "requested"

    async def _request(self, tx: Tx, task: Task) -> None:
        now: datetime = await tx.fetchval("SELECT now()")
        after, news = project(task, [CancelRequested(task.id, now.astimezone(UTC))])
        await tasks.write(tx, [after])
        await task_events.insert(tx, ((task.id, event) for event in news))
        await self.outbox.record(tx, [events.task_cancel_requested(task.id, task.account_id, now)])
        tx.after_commit("task_events", lambda: task_events.notify(self.db.pool, [task.id]))
