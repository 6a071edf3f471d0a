"""A batch of facts: fill the jobs' columns, and see to it that a worker looks at what changed."""

from collections.abc import Callable, Sequence, Set
from uuid import UUID

from runtime.db import Tx
from runtime.work import table as work

from dispatcher.db import hints, jobs
from dispatcher.db.jobs import Merged
from dispatcher.domain.facts import Fact, merge
from dispatcher.usecases.handle_job import WORK


class ApplyFacts:
    """The use case of the consumer; `wake` tells this process's worker, if it has one."""

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        self._wake = wake

    async def __call__(self, tx: Tx, facts: Sequence[Fact]) -> None:
        """Repeats change nothing; any order leads to the same rows."""
        tasks, reports = merge(facts)
        named = await hints.name(tx, reports)
        completed = await jobs.lock(tx, sorted({*tasks, *(each.task_id for each in named)}))
        merged = await jobs.merge(tx, tasks) if tasks else []
        await jobs.forget(tx, tasks.values())
        due = await self._schedule(tx, merged, completed.keys())
        due += await self._hint(tx, named, completed)
        if due and self._wake is not None:
            tx.after_commit("work", self._wake)

    async def _schedule(self, tx: Tx, merged: Sequence[Merged], known: Set[UUID]) -> list[UUID]:
        """A work row per open job: due now when it is ready, else at its deadline."""
        open_ = [each for each in merged if not each.settled and not each.completed]
        await work.add(
            tx,
            [
                work.NewWork(
                    each.task_id,
                    WORK,
                    each.account_id,
                    delay=0.0 if each.ready else max(each.seconds_left or 0.0, 0.0),
                )
                for each in open_
            ],
        )
        due = [each.task_id for each in merged if (each.ready or each.settled) and not each.completed]
        await work.nudge(tx, WORK, sorted(known & set(due)))
        return due

    async def _hint(self, tx: Tx, named: Sequence[hints.Named], completed: dict[UUID, bool]) -> list[UUID]:
        """Final news makes a poll due now; a job id helps an attempt whose answer was lost."""
        lost = [each for each in named if each.job_id is not None]
        if lost:
            await hints.keep_job_ids(tx, lost)
        final = {each.task_id for each in named if each.final}
        running = sorted(task for task in final if completed.get(task) is False)
        await work.nudge(tx, WORK, running)
        over = [task for task in final if completed.get(task)]
        orphans = await hints.orphans(tx, over) if over else []
        await work.add(tx, [work.NewWork(task, WORK, account) for task, account in orphans])
        return running + [task for task, _ in orphans]
