"""A batch of tasks: finished ones get a row, a row per output and work for the copier; deleted ones work
for the eraser."""

from collections.abc import Callable, Sequence

from runtime.db import Tx
from runtime.work import table as work

from storage.db import deletions, tasks
from storage.domain.task import Deleted, Fact, Succeeded
from storage.usecases import erase_task

WORK = "copy"
"""The kind of storage's work rows; their id is the task's."""


class AcceptResults:
    """The use case of the consumer; `wake` tells this process's worker, if it has one."""

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        self._wake = wake

    async def __call__(self, tx: Tx, facts: Sequence[Fact]) -> None:
        """The first word on a task counts; repeats change nothing."""
        if deleted := [fact for fact in facts if isinstance(fact, Deleted)]:
            await _erase(tx, deleted)
        first = {fact.task_id: fact for fact in reversed(facts) if isinstance(fact, Succeeded)}
        added = await tasks.add(tx, list(first.values()))
        await work.add(tx, [work.NewWork(fact.task_id, WORK, fact.account_id) for fact in added])
        if added and self._wake is not None:
            tx.after_commit("work", self._wake)


async def _erase(tx: Tx, facts: Sequence[Deleted]) -> None:
    new = await deletions.add(tx, facts)
    await work.add(tx, [work.NewWork(fact.task_id, erase_task.WORK, fact.account_id) for fact in new])
