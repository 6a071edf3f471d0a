"""What the ledger is told: a fact per topic consumed, and the sweeper's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from ledger.domain.task import Request, Verdict


@dataclass(frozen=True, slots=True)
class Requested:
    """A task was accepted; `repeat` above 1 asks for the answer again."""

    task_id: UUID
    account_id: UUID
    at: datetime
    request: Request
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class Completed:
    """The provider side is over."""

    task_id: UUID
    account_id: UUID
    at: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Stored:
    """The results are in object storage, or never will be."""

    task_id: UUID
    account_id: UUID
    at: datetime
    outcome: Literal["stored", "failed"]


@dataclass(frozen=True, slots=True)
class Expired:
    """The sweeper found the hold past its time; `at` is that time."""

    task_id: UUID
    account_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Granted:
    """Credits to add or, when negative, to take back."""

    change_id: UUID
    account_id: UUID
    at: datetime
    asset: str
    amount_micro: int
    kind: str
    reason: str
    traceparent: str | None = None


TaskFact = Requested | Completed | Stored | Expired
Fact = TaskFact | Granted
