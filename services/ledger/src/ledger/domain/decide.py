"""What follows from a task's facts: pure functions, the same in whatever order the facts came."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts import codes

from ledger.domain.facts import Completed, Expired, Requested, Stored, TaskFact
from ledger.domain.task import Hold, Request, Settlement, Task, Verdict


@dataclass(frozen=True, slots=True)
class Freeze:
    """Set the quote aside."""

    held_micro: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Close:
    """The money outcome: what is charged and what goes back."""

    outcome: Settlement
    reason: str
    charged_micro: int = 0
    returned_micro: int = 0


Decision = Freeze | Close


def merge(task: Task, fact: TaskFact) -> Task:
    """The task knowing the fact as well. The first word wins; a closed task learns nothing more."""
    if task.outcome is not None:
        return task
    if isinstance(fact, Requested) and task.request is None:
        return task.knowing(request=fact.request)
    if isinstance(fact, Completed) and task.verdict is None:
        return task.knowing(verdict=fact.verdict)
    if isinstance(fact, Stored) and task.storage is None:
        return task.knowing(storage=fact.outcome)
    return task


def decide(task: Task, available_micro: int, now: datetime, margin: timedelta) -> Decision | None:
    """The next step, or None; to be asked again after a Freeze, for its end may be known already.

    `margin` is how long a hold outlives the task's deadline.
    """
    if task.request is None or task.outcome is not None:
        return None
    if task.hold is None:
        return _answer(task, task.request, available_micro, now, margin)
    if task.failure is not None:
        return Close("released", task.failure, returned_micro=task.hold.held_micro)
    if task.verdict is not None and task.storage == "stored":
        return _settle(task.hold, task.request, task.verdict)
    return None


def expire(task: Task, fact: Expired, now: datetime) -> Decision | None:
    """Give back a hold that has outlived its time, unless it was resolved meanwhile."""
    hold = task.hold
    if hold is None or task.outcome is not None or now < max(hold.expires_at, fact.at):
        return None
    return Close("released", codes.HOLD_EXPIRED, returned_micro=hold.held_micro)


def _answer(task: Task, request: Request, available: int, now: datetime, margin: timedelta) -> Decision:
    if task.failure is not None:
        return Close("refused", task.failure)
    if now > request.deadline:
        return Close("refused", codes.DEADLINE_EXCEEDED)
    if available < request.quote_micro:
        return Close("refused", codes.INSUFFICIENT_CREDITS)
    return Freeze(request.quote_micro, request.deadline + margin)


def _settle(hold: Hold, request: Request, verdict: Verdict) -> Close:
    actual = request.quote_micro if verdict.actual_micro is None else verdict.actual_micro
    charged = min(actual, hold.held_micro)
    return Close("settled", codes.COMPLETED, charged, hold.held_micro - charged)
