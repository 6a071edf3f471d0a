"""Ask for the state of an accepted job, and for the last time at its deadline."""

import random

from providers.adapter import adapter
from providers.outcomes import Failed, PollOutcome, Succeeded
from runtime import failpoints
from runtime.backoff import delay

from dispatcher.domain.job import Attempt, Change, Job
from dispatcher.domain.providers import route_of, targets, untried
from dispatcher.domain.verdicts import after_poll
from dispatcher.usecases.ask_provider import ask
from dispatcher.usecases.desk import DEFAULT_POLL_SECONDS, Desk, Later, Lease
from dispatcher.usecases.keep_outputs import keep_outputs

RETRY_FIRST, RETRY_MOST = 1.0, 30.0


async def poll_attempt(desk: Desk, job: Job, attempt: Attempt, lease: Lease) -> Change:
    """What the provider says of the attempt's job now."""
    return (await poll_and_see(desk, job, attempt, lease))[0]


async def poll_and_see(
    desk: Desk, job: Job, attempt: Attempt, lease: Lease
) -> tuple[Change, PollOutcome | None]:
    """The same, and the answer itself; None if there was none to be had now."""
    assert attempt.job_id is not None
    outcome = await ask(desk, attempt, attempt.job_id, lease)
    if isinstance(outcome, Later):
        return Change(outcome.delay + random.uniform(0.1, 1.0)), None
    await failpoints.reach("dispatcher.polled")
    if isinstance(outcome, Succeeded):
        outcome = await keep_outputs(desk, job, attempt.n, outcome, lease)
    change = after_poll(
        job,
        attempt,
        outcome,
        timing=desk.timing,
        pace=_pace(desk, job, attempt),
        again=_again(desk, job, lease),
        fails_over=isinstance(outcome, Failed) and _another_route(desk, job, attempt),
    )
    return change, outcome


def _pace(desk: Desk, job: Job, attempt: Attempt) -> float:
    provider = desk.providers.get(attempt.provider)
    if provider is None:
        return DEFAULT_POLL_SECONDS
    model = desk.catalog.get(job.model or "")
    route = route_of(model, attempt)
    age = job.age(attempt.submitting_at)
    return desk.next_poll(
        job, adapter(attempt.protocol), route, provider, attempt.credential_id, attempt.polls + 1, age
    )


def _again(desk: Desk, job: Job, lease: Lease) -> float:
    """The wait after a fault; shorter near the end of the time for doubt, so that it is kept."""
    wait = delay(lease.tries, RETRY_FIRST, RETRY_MOST)
    return min(wait, max(desk.timing.uncertain_after / 4, RETRY_FIRST)) if job.overdue else wait


def _another_route(desk: Desk, job: Job, attempt: Attempt) -> bool:
    model = desk.catalog.get(job.model or "")
    if model is None:
        return False
    left = untried(targets(model, desk.providers, job.asset, job.input), job.attempts)
    return any(each.place != (attempt.provider, attempt.model) for each in left)
