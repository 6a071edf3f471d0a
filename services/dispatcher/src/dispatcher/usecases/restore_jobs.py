"""After a restore: what the dispatcher had said of jobs is written down again, so nothing is sent twice."""

from collections.abc import Sequence

from runtime.db import Tx

from dispatcher.db import jobs, restores
from dispatcher.domain.again import Again, attempt_rows, job_rows


async def restore_jobs(tx: Tx, facts: Sequence[Again]) -> None:
    """Jobs that aren't known are made of little: their request and hold are read again after this."""
    tasks = sorted({fact.task_id for fact in facts})
    await jobs.lock(tx, tasks)
    await restores.restore(tx, job_rows(facts), attempt_rows(facts), tasks)
