"""What the gateway had said before its database was set back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RequestedAgain:
    """A task that was accepted. `order` and `answer` are the idempotency record that it began, if it did."""

    task_id: UUID
    account_id: UUID
    asset: str
    key_id: UUID | None
    model: str
    input: Mapping[str, Any]
    derive: Sequence[str]
    quote_micro: int
    price_rule: Mapping[str, Any]
    surface: str
    request_id: str
    idempotency_key: str | None
    fingerprint: str
    traceparent: str | None
    requested_at: datetime
    deadline: datetime
    metadata: Mapping[str, str] | None
    webhook_url: str | None
    order: Sequence[UUID]
    answer: str | None


@dataclass(frozen=True, slots=True)
class DeletedAgain:
    """A task that was deleted."""

    task_id: UUID
    account_id: UUID
    reason: Literal["client", "retention", "operator"]


@dataclass(frozen=True, slots=True)
class GrantedAgain:
    """Credits that were granted or, with a negative amount, taken back."""

    grant_id: UUID
    account_id: UUID
    asset: str
    amount_micro: int
    kind: str
    reason: str
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class CancelledAgain:
    """A cancel that was asked for."""

    task_id: UUID
    account_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class WarnedAgain:
    """An account's owner was told that credits are few."""

    account_id: UUID


Again = RequestedAgain | DeletedAgain | GrantedAgain | CancelledAgain | WarnedAgain
