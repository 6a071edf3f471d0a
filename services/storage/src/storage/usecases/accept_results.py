"""A batch of finished tasks: a row each, a row per output, and work for the copier."""

from collections.abc import Callable, Sequence

from runtime.db import Tx
from runtime.work import table as work

from storage.db import tasks
from storage.domain.task import Succeeded

WORK = "copy"
"""The kind of storage's work rows; their id is the task's."""


class AcceptResults:
    """The use case of the consumer; `wake` tells this process's worker, if it has one."""

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        self._wake = wake

    async def __call__(self, tx: Tx, facts: Sequence[Succeeded]) -> None:
        """The first word on a task counts; repeats change nothing."""
        first = {fact.task_id: fact for fact in reversed(facts)}
        added = await tasks.add(tx, list(first.values()))
        await work.add(tx, [work.NewWork(fact.task_id, WORK, fact.account_id) for fact in added])
        if added and self._wake is not None:
            tx.after_commit("work", self._wake)
