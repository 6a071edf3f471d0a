"""What other services said about a task, and how facts of one batch are merged: the first one wins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dispatcher.domain.job import CancelReason


@dataclass(frozen=True, slots=True)
class Requested:
    """A task was accepted."""

    task_id: UUID
    account_id: UUID
    asset: str
    model: str
    input: Mapping[str, Any]
    derive: tuple[str, ...]
    price_rule: Mapping[str, Any]
    requested_at: datetime
    deadline: datetime
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Frozen:
    """The hold stands."""

    task_id: UUID
    account_id: UUID
    frozen_at: datetime
    deadline: datetime
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Somebody wants it stopped."""

    task_id: UUID
    account_id: UUID
    requested_at: datetime
    reason: CancelReason


@dataclass(frozen=True, slots=True)
class Deleted:
    """What it was made of is to be forgotten. The task is final."""

    task_id: UUID
    account_id: UUID
    deleted_at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """The money outcome is known."""

    task_id: UUID
    account_id: UUID
    outcome: str
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class Reported:
    """A webhook came: something to ask the provider about, nothing to believe."""

    provider: str
    task_id: UUID | None
    account_id: UUID | None
    attempt: int | None
    job_id: str | None
    final: bool


Fact = Requested | Frozen | CancelRequested | Deleted | Settled | Reported


@dataclass(slots=True)
class TaskFacts:
    """Everything that a batch says about one task."""

    task_id: UUID
    account_id: UUID
    requested: Requested | None = None
    frozen: Frozen | None = None
    cancel: CancelRequested | None = None
    deleted: Deleted | None = None
    settled: Settled | None = None


def merge(facts: Sequence[Fact]) -> tuple[dict[UUID, TaskFacts], list[Reported]]:
    """Facts by task, in the order of task ids, and the webhooks."""
    tasks: dict[UUID, TaskFacts] = {}
    reports: list[Reported] = []
    for fact in facts:
        if isinstance(fact, Reported):
            reports.append(fact)
            continue
        task = tasks.setdefault(fact.task_id, TaskFacts(fact.task_id, fact.account_id))
        if isinstance(fact, Requested):
            task.requested = task.requested or fact
        elif isinstance(fact, Frozen):
            task.frozen = task.frozen or fact
        elif isinstance(fact, CancelRequested):
            task.cancel = task.cancel or fact
        elif isinstance(fact, Deleted):
            task.deleted = task.deleted or fact
        else:
            task.settled = task.settled or fact
    return dict(sorted(tasks.items())), reports
