"""What follows from a job's row: one pure function, whatever order the facts came in."""

from dataclasses import dataclass

from contracts import codes

from dispatcher.domain.job import LIVE, Attempt, Change, Completion, Job, Timing
from dispatcher.domain.verdicts import cancelled


@dataclass(frozen=True, slots=True)
class Submit:
    """Give the task to a provider as attempt `n`."""

    n: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """The database was set back, and attempt `n` may have been made: find out before any submit."""

    n: int


@dataclass(frozen=True, slots=True)
class Resolve:
    """A call was, or may have been, on its way: find out, never send again."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Poll:
    """Ask the provider for the job's state."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ask the provider to stop, if it still can."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Follow:
    """The task is closed; find out what became of this attempt, and its cost."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Conclude:
    """No call is needed: this is the change."""

    change: Change


Step = Submit | Doubt | Resolve | Poll | Cancel | Follow | Conclude


def decide(job: Job, timing: Timing) -> Step:
    """The next step of a job."""
    if job.closed:
        return _closed(job, timing)
    latest = job.latest
    if latest is not None and latest.status == "submitting":
        return Resolve(latest)
    if latest is not None and latest.status == "submitted":
        return Cancel(latest) if job.cancel and latest.cancel is None else Poll(latest)
    if job.cancel is not None:
        return Conclude(Change(None, completion=cancelled(job.cancel)))
    if job.overdue:
        return Conclude(Change(None, completion=_late(latest)))
    if not (job.requested and job.frozen):
        return Conclude(Change(max(job.seconds_to_deadline(), 0.0)))
    n = _next_number(latest)
    return Doubt(n) if job.uncertain else Submit(n)


def _next_number(latest: Attempt | None) -> int:
    if latest is None:
        return 1
    return latest.n if latest.status == "deferred" else latest.n + 1


def _closed(job: Job, timing: Timing) -> Step:
    orphan = next((each for each in job.attempts if each.followed), None)
    if orphan is None or job.now > timing.follow_until(job):
        return Conclude(Change(None))
    if orphan.status not in LIVE and orphan.job_id is None and orphan.hint_job_id is None:
        return Conclude(Change(None))
    return Follow(orphan)


def _late(latest: Attempt | None) -> Completion:
    """Out of time before a provider took it; says so if it was for want of quota or credentials."""
    if latest is not None and latest.error_class in {"quota", "credentials"}:
        return Completion("failed", codes.PROVIDER_UNAVAILABLE, "no provider could take the task in time")
    return Completion(
        "failed", codes.DEADLINE_EXCEEDED, "the deadline passed before a provider took the task"
    )
