"""What other services say, in the gateway's own words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's balance after a change, in micro-credits; the highest version is the newest."""

    account_id: UUID
    asset: str
    available_micro: int
    held_micro: int
    version: int


@dataclass(frozen=True, slots=True)
class Frozen:
    """The ledger holds the quote."""

    task_id: UUID
    at: datetime
    balance: Balance


@dataclass(frozen=True, slots=True)
class Closed:
    """The ledger's last word on a task: settled, released or refused."""

    task_id: UUID
    account_id: UUID
    asset: str
    at: datetime
    outcome: str
    reason: str
    charged_micro: int
    balance: Balance | None


@dataclass(frozen=True, slots=True)
class Progressed:
    """Where an attempt stands: submitted, queued, processing."""

    task_id: UUID
    at: datetime
    attempt: int
    provider: str
    state: str
    percent: int | None


@dataclass(frozen=True, slots=True)
class Completed:
    """The provider side's last word: succeeded, failed, cancelled. `cost_micro` is what it bills us."""

    task_id: UUID
    at: datetime
    outcome: str
    code: str | None
    message: str | None
    provider: str | None = None
    cost_micro: int | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """A file in object storage. Duration in milliseconds."""

    index: int
    kind: str
    role: str | None
    bucket: str
    object_key: str
    token: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    width: int | None
    height: int | None
    duration_ms: int | None

    def shown(self) -> dict[str, Any]:
        """What the task's row keeps: all but where the bytes are."""
        names = (name for name in self.__slots__ if name not in {"bucket", "object_key"})
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Stored:
    """The results are in object storage, or can't be stored for good."""

    task_id: UUID
    account_id: UUID
    at: datetime
    outcome: str
    assets: tuple[Asset, ...]
    code: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A balance moved for another reason than a task."""

    change_id: UUID
    at: datetime
    balance: Balance


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """The client wants it stopped."""

    task_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """A webhook about a task reached its address, or was given up. `round`: how often it was asked for."""

    delivery_id: UUID
    round: int
    task_id: UUID
    account_id: UUID
    at: datetime
    endpoint_id: UUID | None
    outcome: str
    reason: str | None
    attempts: int
    status: int | None


TaskFact = CancelRequested | Frozen | Closed | Progressed | Completed | Stored
Fact = TaskFact | Changed | Delivered
