"""What an answer of a provider changes: pure functions from outcome to `Change`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from catalog.cost import cost_by_rule
from catalog.errors import PriceError
from catalog.price import actual_micro
from contracts import codes
from providers import outcomes as o

from dispatcher.domain.job import (
    Attempt,
    CancelReason,
    Change,
    Completion,
    Job,
    Problem,
    ProgressState,
    Result,
    Timing,
)

SHORTLY = 0.2
"""Seconds until a step that may follow at once."""
CANCEL_SECONDS = 0.5
"""Seconds that a provider is given to stop a job before it is asked what became of it."""
_RANK: Mapping[ProgressState | None, int] = {None: 0, "submitted": 1, "queued": 2, "processing": 3}


def after_submit(
    job: Job,
    attempt: Attempt,
    outcome: o.SubmitOutcome,
    *,
    first_poll: float,
    again: float,
    fails_over: bool,
) -> Change:
    """`first_poll`: seconds until the first poll; `again`: until the next try or look-up.

    A protocol without jobs succeeds at once; the correlation stands for the job that it never named.
    """
    match outcome:
        case o.Succeeded():
            return replace(_succeeded(job, attempt, outcome), job_id=attempt.correlation)
        case o.Accepted(job_id):
            return Change(first_poll, "submitted", job_id, progress="submitted")
        case o.Unknown(reason):
            return Change(again, problem=Problem("unknown", reason), expected=False)
        case o.Throttled(retry_after):
            problem = Problem("throttled", "the provider asks to come back later")
            return deferred(max(again, retry_after or 0.0), problem)
        case o.OutOfQuota(message):
            return deferred(SHORTLY, Problem("quota", message))
        case o.BadCredentials(message):
            return deferred(SHORTLY, Problem("credentials", message))
        case _:
            return refused(outcome, fails_over=fails_over)


def deferred(delay: float, problem: Problem) -> Change:
    """Definitely not taken: the attempt never happened, its number is used again."""
    return Change(delay, "deferred", problem=problem, expected=False)


def refused(outcome: o.Failed | o.Moderated | o.InvalidInput, *, fails_over: bool) -> Change:
    """Definitely failed: final, unless the fault is the provider's and another route is left."""
    problem, code = _fault(outcome)
    if fails_over and isinstance(outcome, o.Failed):
        return Change(SHORTLY, "failed", problem=problem)
    completion = Completion("failed", code, problem.message)
    return Change(None, "failed", problem=problem, completion=completion)


def after_poll(
    job: Job,
    attempt: Attempt,
    outcome: o.PollOutcome,
    *,
    timing: Timing,
    pace: float,
    again: float,
    fails_over: bool,
) -> Change:
    """`pace`: seconds until the next poll of a job that goes on; `again`: after a fault."""
    match outcome:
        case o.Succeeded():
            return _succeeded(job, attempt, outcome)
        case o.Failed() | o.Moderated() | o.InvalidInput():
            return refused(outcome, fails_over=fails_over and not job.overdue)
        case o.Cancelled():
            return _stopped(job)
        case o.Progress(state, percent):
            return _goes_on(job, attempt, state, percent, pace)
        case o.Gone() if attempt.cancel == "accepted" and job.cancel is not None:
            return replace(_stopped(job), orphan="suspected")
        case o.Gone(message):
            since = job.age(attempt.gone_at) if attempt.gone_at else 0.0
            if since >= timing.uncertain_after:
                return given_up(Problem("gone", message))
            return Change(again, problem=Problem("gone", message), polled=True, gone=True, expected=False)
        case _:
            return _unanswered(job, outcome, timing, again)


def cancelled(reason: CancelReason) -> Completion:
    """Stopped as somebody asked; the deadline's own cancel says so."""
    if reason == "deadline":
        return Completion("failed", codes.DEADLINE_EXCEEDED, "the task was stopped at its deadline")
    return Completion("cancelled", codes.CANCELLED)


def after_cancel(change: Change, outcome: o.CancelOutcome, *, again: float) -> Change:
    """The answer to a cancel, added to the `change` by the poll right before it.

    A provider's yes is no word on the job: the next poll is. After an answer that says nothing, both again.
    """
    match outcome:
        case o.CancelAccepted():
            return replace(change, delay=CANCEL_SECONDS, cancel="accepted")
        case o.CancelRefused(message):
            return replace(change, cancel="refused", problem=Problem("cancel_refused", message))
        case o.Gone():
            return replace(change, delay=SHORTLY)
        case o.Throttled(retry_after):
            return replace(change, delay=max(again, retry_after or 0.0), expected=False)
        case _:
            return replace(change, delay=again, expected=False)


def absent() -> Change:
    """Every job since then was seen and none is ours: the attempt was never accepted."""
    return Change(SHORTLY, "absent", problem=Problem("absent", "the provider never accepted it"))


def given_up(problem: Problem, *, resubmit: bool = False) -> Change:
    """Nobody can say whether the provider has the job: an orphan, and the task fails or is sent once more."""
    if resubmit:
        return Change(SHORTLY, "unknown", problem=problem, orphan="suspected")
    message = "whether the provider made the result can't be found out; nothing is charged"
    completion = Completion("failed", codes.PROVIDER_OUTCOME_UNKNOWN, message)
    return Change(None, "unknown", problem=problem, orphan="suspected", completion=completion)


def after_follow(job: Job, attempt: Attempt, job_id: str, outcome: o.PollOutcome) -> Change:
    """A closed task's orphan: only its cost matters."""
    match outcome:
        case o.Succeeded(_, usage):
            return replace(
                _used(job, attempt, usage), delay=None, status="succeeded", job_id=job_id, orphan="confirmed"
            )
        case o.Failed() | o.Moderated() | o.InvalidInput():
            return Change(None, "failed", job_id, _fault(outcome)[0], polled=True, orphan="cleared")
        case o.Cancelled():
            return Change(None, "cancelled", job_id, polled=True, orphan="cleared")
        case o.Gone(message):
            return Change(None, "unknown", job_id, Problem("gone", message), polled=True, orphan="suspected")
        case _:
            wait = min(15.0 * 2.0 ** min(attempt.polls, 10), 600.0)
            return Change(wait, job_id=job_id, polled=True, orphan="suspected")


def _succeeded(job: Job, attempt: Attempt, outcome: o.Succeeded) -> Change:
    results = tuple(Result(each.kind, each.role, each.url, each.content_type) for each in outcome.outputs)
    completion = Completion("succeeded", results=results)
    return replace(_used(job, attempt, outcome.usage), status="succeeded", completion=completion)


def _used(job: Job, attempt: Attempt, usage: o.Usage) -> Change:
    """What was used, what the customer pays for it and what it costs us.

    A rule that can't be read gives no amount: then the ledger takes the quote.
    """
    told = usage.as_dict()
    return Change(
        None,
        polled=True,
        usage=told,
        actual_micro=_amount(actual_micro, job.price_rule, told),
        cost_micro=_amount(cost_by_rule, attempt.cost_rule, told),
    )


def _stopped(job: Job) -> Change:
    """Cancelled at the provider: as we asked, or by somebody else's hand."""
    if job.cancel is not None:
        return Change(None, "cancelled", polled=True, completion=cancelled(job.cancel))
    message = "the job was cancelled at the provider"
    completion = Completion("failed", codes.PROVIDER_FAILED, message)
    return Change(None, "cancelled", problem=Problem("provider", message), completion=completion)


def _amount(
    by_rule: Callable[[Mapping[str, Any], Mapping[str, Any]], int | None],
    rule: Mapping[str, Any] | None,
    usage: Mapping[str, Any],
) -> int | None:
    try:
        return by_rule(rule, usage) if rule else None
    except PriceError:
        return None


def _goes_on(job: Job, attempt: Attempt, state: str, percent: int | None, pace: float) -> Change:
    if job.overdue:
        completion = Completion("failed", codes.DEADLINE_EXCEEDED, "the provider was still at work")
        return Change(15.0, polled=True, gone=False, orphan="suspected", completion=completion)
    reached: ProgressState = "queued" if state == "queued" else "processing"
    known = attempt.percent if attempt.percent is not None else -1
    grown = percent if percent is not None and percent > known else None
    if _RANK[reached] <= _RANK[attempt.progress] and grown is None:
        return Change(pace, polled=True, gone=False)
    further = max(reached, attempt.progress or reached, key=lambda each: _RANK[each])
    return Change(pace, polled=True, gone=False, progress=further, percent=grown)


def _unanswered(job: Job, outcome: o.PollOutcome, timing: Timing, again: float) -> Change:
    """The call told nothing about the job: ask again, past the deadline while it may be uncertain."""
    problem = _call_fault(outcome)
    if job.seconds_to_deadline() <= -timing.uncertain_after:
        return given_up(problem)
    return Change(again, problem=problem, expected=False)


def _call_fault(outcome: o.PollOutcome) -> Problem:
    match outcome:
        case o.Throttled():
            return Problem("throttled", "the provider asks to come back later")
        case o.OutOfQuota(message):
            return Problem("quota", message)
        case o.BadCredentials(message):
            return Problem("credentials", message)
        case o.Unknown(reason):
            return Problem("unknown", reason)
        case _:
            return Problem("unknown", type(outcome).__name__)


def _fault(outcome: o.Failed | o.Moderated | o.InvalidInput) -> tuple[Problem, str]:
    """Our problem and the task's error code."""
    match outcome:
        case o.Moderated(message):
            return Problem("moderation", message), codes.CONTENT_REFUSED
        case o.InvalidInput(message, _, code):
            return Problem("input", message, code), code
        case o.Failed(code, message):
            return Problem("provider", message, code), codes.PROVIDER_FAILED
