"""A task as facts make it: a column per fact, the first one wins, whatever the order.

`project` is pure: the row and new facts in, the row and the events to append out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.domain.facts import CancelRequested, Closed, Completed, Frozen, Progressed, Stored, TaskFact

CANCELLED = "cancelled"
FINAL = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try at a provider."""

    number: int
    provider: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """What the gateway knows of a task. `seq` is the number of its last event."""

    id: UUID
    account_id: UUID
    asset: str
    quote_micro: int
    key_id: UUID | None = None
    seq: int = 1
    status: str = "queued"
    cancel_requested_at: datetime | None = None
    frozen_at: datetime | None = None
    submitted_at: datetime | None = None
    processing_at: datetime | None = None
    percent: int | None = None
    attempts: tuple[Attempt, ...] = ()
    completed_at: datetime | None = None
    completed_outcome: str | None = None
    completed_code: str | None = None
    completed_message: str | None = None
    completed_provider: str | None = None
    cost_micro: int | None = None
    """What the provider bills us; never shown to the customer."""
    stored_at: datetime | None = None
    stored_outcome: str | None = None
    stored_code: str | None = None
    stored_message: str | None = None
    assets: tuple[dict[str, Any], ...] | None = None
    closed_at: datetime | None = None
    closed_outcome: str | None = None
    closed_reason: str | None = None
    charged_micro: int | None = None
    finished_at: datetime | None = None
    deleted_at: datetime | None = None
    """When it was scrubbed; it takes no facts any more."""

    @property
    def answered(self) -> bool:
        """Whether the ledger has said anything: from then on its balance counts the quote."""
        return self.frozen_at is not None or self.closed_at is not None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a task's history. Amounts in `data` are micro-credits, their names end in `_micro`."""

    seq: int
    type: str
    at: datetime
    data: dict[str, Any] | None = None


def decide(task: Task) -> str:
    """The status that a row's facts amount to. Only the ledger's word makes it final."""
    if task.closed_outcome == "settled" and task.stored_outcome == "stored":
        return "succeeded"
    if task.closed_outcome in {"released", "refused"}:
        return CANCELLED if task.closed_reason == CANCELLED else "failed"
    moved = (task.submitted_at, task.processing_at, task.completed_at, task.stored_at, task.closed_at)
    return "queued" if all(at is None for at in moved) else "processing"


def project(task: Task, facts: Iterable[TaskFact]) -> tuple[Task, list[Event]]:
    """Take the facts in; nothing is appended after the final event, however much is still learned.

    The error of a task that was final before these facts was shown, and stays as it was.
    """
    events: list[Event] = []
    if task.deleted_at is not None:
        return task, events
    shown = task.status in FINAL
    for fact in facts:
        before = task
        task, news = _take(task, _without_words(fact) if shown else fact)
        if before.status in FINAL:
            continue
        if news is not None:
            task = replace(task, seq=task.seq + 1)
            events.append(Event(task.seq, news[0], fact.at, news[1]))
        task = _finish(task, events)
    return task, events


def _without_words(fact: TaskFact) -> TaskFact:
    return replace(fact, message=None) if isinstance(fact, Completed | Stored) else fact


def _finish(task: Task, events: list[Event]) -> Task:
    status = decide(task)
    if status == task.status:
        return task
    if status not in FINAL:
        return replace(task, status=status)
    assert task.closed_at is not None
    at = max(task.closed_at, task.stored_at or task.closed_at) if status == "succeeded" else task.closed_at
    data: dict[str, Any] = {"cost_actual_micro": task.charged_micro or 0}
    if status != "succeeded":
        data["code"] = task.closed_reason
    task = replace(task, status=status, finished_at=at, seq=task.seq + 1)
    events.append(Event(task.seq, status, at, data))
    return task


_News = tuple[str, dict[str, Any] | None] | None


def _take(task: Task, fact: TaskFact) -> tuple[Task, _News]:
    match fact:
        case CancelRequested():
            return _cancel_requested(task, fact)
        case Frozen():
            return _frozen(task, fact)
        case Closed():
            return _closed(task, fact)
        case Progressed():
            return _progressed(task, fact)
        case Completed():
            return _completed(task, fact)
        case Stored():
            return _stored(task, fact)


def _cancel_requested(task: Task, fact: CancelRequested) -> tuple[Task, _News]:
    if task.cancel_requested_at is not None:
        return task, None
    return replace(task, cancel_requested_at=fact.at), ("cancel_requested", None)


def _frozen(task: Task, fact: Frozen) -> tuple[Task, _News]:
    if task.frozen_at is not None:
        return task, None
    return replace(task, frozen_at=fact.at), ("frozen", None)


def _closed(task: Task, fact: Closed) -> tuple[Task, _News]:
    if task.closed_at is not None:
        return task, None
    charged = fact.charged_micro if fact.outcome == "settled" else 0
    closed = replace(
        task,
        closed_at=fact.at,
        closed_outcome=fact.outcome,
        closed_reason=fact.reason,
        charged_micro=charged,
    )
    return closed, (fact.outcome, {"reason": fact.reason, "cost_actual_micro": charged})


def _progressed(task: Task, fact: Progressed) -> tuple[Task, _News]:
    known = {attempt.number: attempt for attempt in task.attempts}
    first = known.get(fact.attempt)
    if first is None or fact.at < first.submitted_at:
        known[fact.attempt] = Attempt(fact.attempt, fact.provider, fact.at)
        task = replace(
            task,
            attempts=tuple(known[number] for number in sorted(known)),
            submitted_at=_earlier(task.submitted_at, fact.at),
        )
    news: _News = None
    if first is None:
        news = "submitted", {"attempt": fact.attempt, "provider": fact.provider}
    if fact.state == "processing":
        began = task.processing_at is None
        percent = _greater(task.percent, fact.percent)
        if began or percent != task.percent:
            news = "processing", {"attempt": fact.attempt, "percent": percent}
        task = replace(task, processing_at=_earlier(task.processing_at, fact.at), percent=percent)
    return task, None if task.completed_at is not None else news


def _completed(task: Task, fact: Completed) -> tuple[Task, _News]:
    if task.completed_at is not None:
        return task, None
    completed = replace(
        task,
        completed_at=fact.at,
        completed_outcome=fact.outcome,
        completed_code=fact.code,
        completed_message=fact.message,
        completed_provider=fact.provider,
        cost_micro=fact.cost_micro,
    )
    data = {"outcome": fact.outcome} | ({"code": fact.code} if fact.code else {})
    return completed, ("completed", data)


def _stored(task: Task, fact: Stored) -> tuple[Task, _News]:
    if task.stored_at is not None:
        return task, None
    stored = replace(
        task,
        stored_at=fact.at,
        stored_outcome=fact.outcome,
        stored_code=fact.code,
        stored_message=fact.message,
        assets=tuple(asset.shown() for asset in fact.assets),
    )
    data = {"outcome": fact.outcome} | ({"code": fact.code} if fact.code else {})
    return stored, ("stored", data)


def _earlier(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else min(known, at)


def _greater(known: int | None, percent: int | None) -> int | None:
    values = [value for value in (known, percent) if value is not None]
    return max(values, default=None)
