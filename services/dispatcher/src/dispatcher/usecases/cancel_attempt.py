"""Ask the provider to stop a job. What counts is the job's own state, asked for right before and after."""

from providers import outcomes as o
from providers.adapter import adapter
from runtime.backoff import delay

from dispatcher.domain.job import Attempt, Change, Job
from dispatcher.domain.verdicts import after_cancel
from dispatcher.usecases.call_provider import call, judge_call
from dispatcher.usecases.desk import Desk, Later, Lease
from dispatcher.usecases.poll_attempt import poll_and_see
from dispatcher.usecases.sign_in import Asking, asking

AGAIN_FIRST, AGAIN_MOST = 1.0, 15.0


async def cancel_attempt(desk: Desk, job: Job, attempt: Attempt, lease: Lease) -> Change:
    """Poll; a job that still can be stopped is then told to. One that has ended ends as it did.

    The poll comes first everywhere: some protocols delete the result of a job that has finished meanwhile.
    """
    change, outcome = await poll_and_see(desk, job, attempt, lease)
    if change.completion is not None or not _stoppable(attempt, outcome):
        return change
    answer = await _ask_to_stop(desk, attempt, lease)
    return after_cancel(change, answer, again=delay(lease.tries, AGAIN_FIRST, AGAIN_MOST))


def _stoppable(attempt: Attempt, outcome: o.PollOutcome | None) -> bool:
    can = adapter(attempt.protocol).capabilities
    if not isinstance(outcome, o.Progress):
        return False
    return can.cancel if outcome.state == "queued" else can.cancel_running


async def _ask_to_stop(desk: Desk, attempt: Attempt, lease: Lease) -> o.CancelOutcome:
    assert attempt.job_id is not None
    to = await asking(desk, attempt, lease)
    if isinstance(to, Later):
        return o.Throttled(to.delay)
    if not isinstance(to, Asking):
        return to
    request = to.protocol.cancel(to.provider.base_url, to.credential, attempt.job_id)
    if request is None:
        return o.CancelRefused("the protocol has no cancel")
    answer = await call(desk, to.provider, attempt.credential_id, request, lease)
    if isinstance(answer, Later):
        return o.Throttled(answer.delay)
    if isinstance(answer, o.Unknown):
        return answer
    outcome = to.protocol.parse_cancel(answer)
    judge_call(desk, (to.provider.name, attempt.credential_id, "poll"), outcome, answer.status)
    return outcome
