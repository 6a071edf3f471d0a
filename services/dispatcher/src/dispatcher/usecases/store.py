"""What steps read and write, gathered: many claims, one statement or one transaction."""

from collections.abc import Sequence
from uuid import UUID

from runtime.db import Database
from runtime.group_commit import GroupCommit
from runtime.work import table as work
from runtime.work.table import Claim

from dispatcher.db import jobs, marks, restores
from dispatcher.db.marks import Mark, Marked, Refusal
from dispatcher.db.records import Record
from dispatcher.domain.job import Job
from dispatcher.usecases.record_changes import RecordChanges

_LINGER = 0.0  # seconds; longer by itself when there is much to write


class Store:
    """Loads jobs, marks attempts and records changes, each shared by whoever comes at the same moment."""

    def __init__(self, db: Database, record_changes: RecordChanges) -> None:
        self._db = db
        self._loads: GroupCommit[UUID, Job | None] = GroupCommit(
            self._load, max_batch=256, linger_seconds=_LINGER
        )
        self._marks: GroupCommit[Mark, Marked | Refusal] = GroupCommit(
            self._mark, max_batch=256, linger_seconds=_LINGER
        )
        self._records: GroupCommit[Record, bool] = GroupCommit(
            record_changes, max_batch=256, linger_seconds=_LINGER
        )

    async def load(self, task_id: UUID) -> Job | None:
        """A job as it stands."""
        return await self._loads.submit(task_id)

    async def mark(self, mark: Mark) -> Marked | Refusal:
        """Take the right to send an attempt, once; durable when this returns."""
        return await self._marks.submit(mark)

    async def record(self, record: Record) -> bool:
        """Write down what a step found out; whether its attempt was still as the step saw it."""
        return await self._records.submit(record)

    async def doubt(
        self, task_id: UUID, n: int, place: tuple[str, str, str, str], correlation: str, error_class: str
    ) -> None:
        """Write down that an attempt may have been made."""
        async with self._db.transaction() as tx:
            await restores.doubt(tx, task_id, n, place, correlation, error_class)

    async def drop(self, claim: Claim) -> None:
        """The claimed row stands for no job."""
        async with self._db.transaction() as tx:
            await work.complete(tx, [claim])

    async def _load(self, ids: Sequence[UUID]) -> list[Job | Exception | None]:
        found = await jobs.load(self._db.pool, ids)
        return [found.get(each) for each in ids]

    async def _mark(self, items: Sequence[Mark]) -> list[Marked | Refusal | Exception]:
        async with self._db.transaction() as tx:
            return list(await marks.mark(tx, items))
