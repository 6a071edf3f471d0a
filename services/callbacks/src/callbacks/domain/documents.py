"""What customers are shown of their endpoints and deliveries."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.ids import task_text

from callbacks.domain.endpoint import Endpoint
from callbacks.domain.news import delivery_text, endpoint_text, event_text, payload, time_text


def endpoint(each: Endpoint) -> dict[str, Any]:
    """An endpoint, without its secret."""
    return {
        "object": "webhook_endpoint",
        "id": endpoint_text(each.id),
        "url": each.url,
        "description": each.description,
        "events": list(each.events),
        "enabled": each.disabled_at is None,
        "disabled_at": time_text(each.disabled_at),
        "disabled_reason": each.disabled_reason,
        "failing_since": time_text(each.failing_since),
        "secret_rotated_at": time_text(each.rotated_at),
        "previous_secret_valid_until": time_text(each.previous_until),
        "created_at": time_text(each.created_at),
        "updated_at": time_text(each.updated_at),
    }


def default_secret(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is known of an account's own secret, without it; it exists from the account's first day."""
    return {
        "object": "webhook_default_secret",
        "rotated_at": None if row is None else time_text(row["rotated_at"]),
        "previous_valid_until": None if row is None else time_text(row["previous_until"]),
    }


def delivery(row: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the delivery log."""
    return {
        "object": "webhook_delivery",
        "id": delivery_text(row["id"]),
        "event_id": event_text(row["message_id"]),
        "type": row["type"],
        "task_id": _task(row["task_id"]),
        "endpoint_id": None if row["endpoint_id"] is None else endpoint_text(row["endpoint_id"]),
        "url": row["url"],
        "status": row["state"],
        "reason": row["reason"],
        "round": row["round"],
        "attempts": row["attempts"],
        "last_status": row["last_status"],
        "next_attempt_at": time_text(row["next_at"]) if row["state"] == "pending" else None,
        "created_at": time_text(row["created_at"]),
        "ended_at": time_text(row["ended_at"]),
    }


def delivery_in_full(row: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A delivery with what is sent (null once its task was deleted) and every attempt."""
    return delivery(row) | {
        "payload": None if row["data"] is None else payload(row["type"], row["at"], row["data"]),
        "log": [
            {
                "attempt": each["number"],
                "at": time_text(each["at"]),
                "status": each["status"],
                "error": each["error"],
                "latency_ms": each["latency_ms"],
                "response": each["response"],
            }
            for each in attempts
        ],
    }


def _task(task_id: UUID | None) -> str | None:
    return None if task_id is None else task_text(task_id)
