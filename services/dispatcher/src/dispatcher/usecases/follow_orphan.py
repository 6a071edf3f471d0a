"""A closed task's attempt that may still run at the provider: find out what became of it, and its cost."""

import random

from providers import outcomes as o

from dispatcher.domain.job import LIVE, Attempt, Change, Job, Problem
from dispatcher.domain.verdicts import SHORTLY, after_follow
from dispatcher.usecases.ask_provider import ask
from dispatcher.usecases.desk import Desk, Later, Lease
from dispatcher.usecases.resolve_attempt import can_look_up, confirm_hint, look_up

AGAIN_SECONDS = 30.0


async def follow_orphan(desk: Desk, job: Job, attempt: Attempt, lease: Lease) -> Change:
    """No event follows: the task has ended, the operator bears the cost."""
    if attempt.job_id is None:
        return await _find(desk, job, attempt, lease)
    outcome = await ask(desk, attempt, attempt.job_id, lease)
    if isinstance(outcome, Later):
        return Change(outcome.delay + random.uniform(0.1, 1.0))
    return after_follow(job, attempt, attempt.job_id, outcome)


async def _find(desk: Desk, job: Job, attempt: Attempt, lease: Lease) -> Change:
    job_id = await confirm_hint(desk, attempt, lease)
    if job_id is None and can_look_up(attempt):
        found = await look_up(desk, attempt, lease)
        if isinstance(found, o.Absent) and job.age(attempt.submitting_at) > desk.timing.absent_after:
            return Change(None, "absent", orphan="cleared")
        job_id = found.job_id if isinstance(found, o.Found) else None
    if job_id is not None:
        return Change(SHORTLY, "submitted" if attempt.status in LIVE else None, job_id, orphan="suspected")
    if job.age(attempt.submitting_at) < desk.timing.uncertain_after:
        return Change(desk.timing.uncertain_after / 4, orphan="suspected")
    problem = Problem("unknown", "whether the provider took the job can't be found out")
    return Change(None, "unknown", problem=problem, orphan="suspected")
