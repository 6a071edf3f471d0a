"""Write down what tries came to: ends with their event, faults, and the work rows, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from runtime.db import Database, Tx
from runtime.outbox.recorder import Outbox
from runtime.work import table as work
from runtime.work.table import Claim

from storage.db import results
from storage.domain.copy import Fault, GiveUp
from storage.domain.task import Stored, Task
from storage.outbound import events
from storage.usecases.accept_results import WORK

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Again:
    """The try failed; another one follows after `delay` seconds."""

    fault: Fault
    delay: float


@dataclass(frozen=True, slots=True)
class Record:
    """What a claimed try came to."""

    claim: Claim
    task: Task
    result: Stored | GiveUp | Again


class RecordResults:
    """Writes a batch of records; whether each one's task ended by it."""

    def __init__(self, db: Database, outbox: Outbox, bucket: str) -> None:
        self._db, self._outbox, self._bucket = db, outbox, bucket

    async def __call__(self, batch: Sequence[Record]) -> list[bool]:
        """One transaction. Of two ends of a task the first is written, and only that one is said."""
        ends = {
            record.task.task_id: record for record in reversed(batch) if not isinstance(record.result, Again)
        }
        async with self._db.transaction() as tx:
            said = await self._end(tx, list(ends.values())) if ends else set()
            await self._again(tx, batch)
        return [ends.get(record.task.task_id) is record and id(record) in said for record in batch]

    async def _end(self, tx: Tx, ends: list[Record]) -> set[int]:
        words = [(r.task, r.result) for r in ends if not isinstance(r.result, Again)]
        ended = await results.end(tx, words)
        fresh = [(task, result) for task, result in words if task.task_id in ended]
        await results.keep_copies(
            tx, [(task, result) for task, result in fresh if isinstance(result, Stored)]
        )
        await self._outbox.record(
            tx,
            [events.asset_stored(task, result, self._bucket, ended[task.task_id]) for task, result in fresh],
        )
        await work.drop(tx, WORK, [r.task.task_id for r in ends])
        return {id(r) for r in ends if r.task.task_id in ended}

    async def _again(self, tx: Tx, batch: Sequence[Record]) -> None:
        again = [(r, r.result) for r in batch if isinstance(r.result, Again)]
        if again:
            await results.keep_faults(tx, [(r.task, result.fault) for r, result in again])
            await work.reschedule(tx, [(r.claim, result.delay) for r, result in again])
