"""After a restore: what storage had said of tasks is written down again, and nothing is copied twice."""

from collections.abc import Sequence
from datetime import UTC, datetime

from runtime.db import Tx
from runtime.work import table as work

from storage.db import results, tasks
from storage.domain.task import Said, Stored, Task
from storage.usecases.accept_results import WORK


async def restore_results(tx: Tx, facts: Sequence[Said]) -> None:
    """Ends that are known change nothing; those of deleted tasks stay forgotten."""
    once = {fact.task.task_id: fact for fact in facts}
    await tasks.add(tx, [fact.task for fact in once.values()])
    ends = [(Task(f.task, None, False, datetime.now(UTC)), f.result) for f in once.values()]
    ended = await results.end(tx, ends)
    stored = [(task, result) for task, result in ends if isinstance(result, Stored) and task.task_id in ended]
    await results.keep_copies(tx, stored)
    await work.drop(tx, WORK, list(once))
