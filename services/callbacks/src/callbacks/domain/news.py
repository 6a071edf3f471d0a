"""What customers are told: messages, and the body that carries one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from contracts.ids import to_text

EVENT_TYPES: Final = ("task.succeeded", "task.failed", "task.cancelled", "credits.low", "endpoint.disabled")
"""What an endpoint can ask for by name."""
TEST_TYPE: Final = "webhook.test"
ENDPOINT: Final = "wh_"
DELIVERY: Final = "whd_"


@dataclass(frozen=True, slots=True)
class Message:
    """One event: the same id at every address and in every attempt. `data` is JSON that may be shown."""

    id: UUID
    account_id: UUID
    type: str
    task_id: UUID | None
    at: datetime
    data: Any
    webhook_url: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """A task whose content its owner wants forgotten."""

    task_id: UUID


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A message on its way to an endpoint, or to the URL that its task named. `pulled`: fetched, not sent."""

    id: UUID
    message_id: UUID
    account_id: UUID
    endpoint_id: UUID | None
    url: str | None
    pulled: bool = False


def event_text(event_id: UUID) -> str:
    """An event's id as customers see it, in `webhook-id`: it holds no full stop."""
    return to_text("evt_", event_id)


def endpoint_text(endpoint_id: UUID) -> str:
    """An endpoint's id as customers see it."""
    return to_text(ENDPOINT, endpoint_id)


def delivery_text(delivery_id: UUID) -> str:
    """A delivery's id as customers see it."""
    return to_text(DELIVERY, delivery_id)


def time_text(at: datetime | None) -> str | None:
    """A time in UTC with milliseconds: 2026-11-21T08:00:00.000Z."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def payload(kind: str, at: datetime, data: Any) -> dict[str, Any]:
    """The body, as Standard Webhooks advises: what, when, and the thing itself."""
    return {"type": kind, "timestamp": time_text(at), "data": data}


def wants(events: Sequence[str], kind: str) -> bool:
    """Whether an endpoint with this filter is told of such events."""
    return not events or kind in events
