"""A job and its attempts as read from the database, and what a step changes about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

Status = Literal[
    "submitting",  # a call is, or may have been, on its way
    "deferred",  # definitely not taken, and to be tried again under the same number
    "submitted",  # the provider has it
    "succeeded",
    "failed",
    "cancelled",
    "absent",  # every job since then was seen, and none is ours: never accepted
    "unknown",  # nobody can say; logged as an orphan
]
Orphan = Literal["suspected", "confirmed", "cleared"]
ProgressState = Literal["submitted", "queued", "processing"]
CancelReason = Literal["client", "deadline", "operator"]
CancelAnswer = Literal["accepted", "refused"]
RESTORED, RESTORED_ANYWHERE = "restored", "restored_anywhere"
"""Error classes of an attempt that a restored database may have forgotten: made there, or anywhere."""
LIVE: frozenset[Status] = frozenset({"submitting", "submitted"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One number under which a task was, or may have been, given to a provider."""

    n: int
    status: Status
    provider: str
    protocol: str
    model: str
    credential_id: str
    correlation: str
    sends: int
    submitting_at: datetime
    job_id: str | None = None
    hint_job_id: str | None = None
    polls: int = 0
    gone_at: datetime | None = None
    cancel: CancelAnswer | None = None
    """What the provider said to our cancel; None: not asked, or no answer."""
    cost_rule: Mapping[str, Any] | None = None
    progress: ProgressState | None = None
    percent: int | None = None
    error_class: str | None = None
    error_message: str | None = None
    orphan: Orphan | None = None

    @property
    def followed(self) -> bool:
        """Whether the provider may still have work of ours under this number."""
        return self.status in LIVE or self.orphan == "suspected"


@dataclass(frozen=True, slots=True)
class Job:
    """A task as the dispatcher knows it at `now`, the database's clock. Attempts are in order."""

    task_id: UUID
    account_id: UUID
    now: datetime
    requested: bool = False
    frozen: bool = False
    cancel: CancelReason | None = None
    """Why somebody wants it stopped; None: nobody does."""
    settled: bool = False
    completed: bool = False
    asset: str | None = None
    model: str | None = None
    input: Mapping[str, Any] | None = None
    """Read only where a submit may follow."""
    derive: tuple[str, ...] = ()
    price_rule: Mapping[str, Any] | None = None
    deadline: datetime | None = None
    traceparent: str | None = None
    attempts: tuple[Attempt, ...] = ()
    uncertain: bool = False
    """Whether it is from before a loss of the database, and no attempt was made or looked for since."""

    @property
    def latest(self) -> Attempt | None:
        """The newest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def overdue(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and self.now >= self.deadline

    @property
    def closed(self) -> bool:
        """Whether nothing that happens from now on changes the task's outcome."""
        return self.completed or self.settled

    def seconds_to_deadline(self) -> float:
        """Seconds left, negative past it; a day while no deadline is known."""
        return (self.deadline - self.now).total_seconds() if self.deadline else 86_400.0

    def age(self, since: datetime) -> float:
        """Seconds from then to now."""
        return (self.now - since).total_seconds()


@dataclass(frozen=True, slots=True)
class Timing:
    """When an unanswered question is given up, in seconds."""

    absent_after: float
    """Younger than this an attempt that isn't listed may still be on its way."""
    uncertain_after: float
    follow_for: float = 6 * 3600.0
    """How long after its deadline a task's orphan is asked for, to know what it cost."""
    max_absent: int = 3
    """Attempts that may be found never accepted before the lookup itself is doubted."""

    def follow_until(self, job: Job) -> datetime:
        """When the last orphan of a job is let go."""
        return (job.deadline or job.now) + timedelta(seconds=self.follow_for)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a call or an attempt failed: our class, the provider's code and message."""

    kind: str
    message: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One output of a finished job."""

    kind: str
    role: str | None
    url: str
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """The final word on the provider side of a task."""

    outcome: Literal["succeeded", "failed", "cancelled"]
    code: str | None = None
    message: str | None = None
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a step found out. `delay`: when to look again, in seconds; None: never."""

    delay: float | None
    status: Status | None = None
    job_id: str | None = None
    problem: Problem | None = None
    progress: ProgressState | None = None
    percent: int | None = None
    polled: bool = False
    gone: bool | None = None
    """True: the provider doesn't know the job (any more); False: it does; None: no word on it."""
    cancel: CancelAnswer | None = None
    orphan: Orphan | None = None
    usage: Mapping[str, Any] | None = None
    actual_micro: int | None = None
    cost_micro: int | None = None
    """What the provider charges us."""
    completion: Completion | None = None
    queues: tuple[tuple[str, str], ...] = ()
    """The (provider, credential)s for whose slots the task now waits in turn."""
    expected: bool = True
    """False for a fault: the next one waits longer."""
