"""Examples of bodies whose descriptions give none: made from their schemas, a value for each name.

A name means the same all over the API, so its value is said once; where not, the schema has an example.
"""

from collections.abc import Mapping
from typing import Any

from gateway.inbound.http.openapi.parts import Document

_TASK, _ACCOUNT = "task_01KA8Z5Y3QH4V7N2M9X6T8R0BC", "acct_01KA8YZZ7J5E3C1B9A8D6F4G2H"
_KEY, _UPLOAD = "key_01KA8Z5Y3QH4V7N2M9X6T8R0BC", "file_01KA8Z5Y3QH4V7N2M9X6T8R0BC"
_TOKEN = "Yv2b0cJ8r4mQ1kD9sW6xH3tN7pL5fA0z"  # noqa: S105 -- an example
_AT = "2026-11-21T08:00:00.000Z"
_EPOCH = 1_795_248_000
_UUID = "019aa8f2-f877-7bdc-9a2a-5d2f74e0a5d0"
_GIVEN = {"prompt": "a red kite", "resolution": "480p", "duration": 4}

UNKNOWN = "…"
TEXTS: Mapping[str, str] = {
    "account_id": _ACCOUNT,
    "acknowledge": "whd_01KA8Z5Y3QH4V7N2M9X6T8R0BC",
    "action": "credits.granted",
    "actor": _KEY,
    "actor_account_id": _ACCOUNT,
    "after": "1/8412/77",
    "b64_json": "iVBORw0KGgo",
    "code": "provider_failed",
    "content_type": "video/mp4",
    "currency": "USD",
    "delivery_id": "whd_01KA8Z5Y3QH4V7N2M9X6T8R0BC",
    "description": "For short scenes",
    "endpoint_id": "wh_01KA8Z5Y3QH4V7N2M9X6T8R0BC",
    "error": "schema_invalid: amount_micro is missing",
    "error_class": "provider_fault",
    "error_code": "provider_failed",
    "event_id": "gateway:task_01KA8Z5Y3QH4V7N2M9X6T8R0BC:finished:1",
    "example": _TASK,
    "figures": "held 0, holds 0",
    "file": "(the bytes)",
    "file_name": "portrait.png",
    "first_id": _TASK,
    "grant_id": "grant_01KA8Z5Y3QH4V7N2M9X6T8R0BC",
    "grant_kind": "topup",
    "id": _TASK,
    "idempotency_key": "order-7",
    "image": "(the bytes)",
    "input": "Good evening.",
    "invariant": "L1",
    "key_id": _KEY,
    "key": "mv_live_9fQ2hV7cB4nX1mK8sD5wZ3tR6yP0aL",
    "kind": "video",
    "last_id": _TASK,
    "message": "The provider failed to generate a result.",
    "minimum_tier": "free",
    "model": "doubao-seedance-2-0-fast",
    "name": "My App",
    "next_cursor": "AZqo8vh3e9yaKl0vdOCl0A",
    "not_found": "task_01KA8Z5Y3QH4V7N2M9X6T8R0BD",
    "owned_by": "framebus",
    "prompt": "a red kite",
    "provider": "ark",
    "provider_job_id": "cgt-20261121080000-abcde",
    "provider_outcome": "succeeded",
    "reason": "completed",
    "remixed_from_video_id": "task_01KA8Z5Y3QH4V7N2M9X6T8R0BA",
    "request_id": "req_01KA8Z5Y3QH4V7N2M9X6T8R0BC",
    "response": "ok",
    "response_format": "mp3",
    "revised_prompt": "a red kite",
    "role": "last_frame",
    "route": "ark:doubao-seedance-2-0-fast",
    "says": "what is held is the sum of the open holds",
    "service": "ledger",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "since": "2026-11-21T00:00:00Z",
    "slug": "doubao-seedance-2-0-fast",
    "state": "live",
    "status": "succeeded",
    "storage_outcome": "stored",
    "subject": _TASK,
    "surface": "v1",
    "task_id": _TASK,
    "tier": "studio",
    "title": "Seedance 2.0 Fast",
    "token": _TOKEN,
    "topic": "credits.granted",
    "type": "succeeded",
    "url": f"https://api.example.com/files/{_TOKEN}/{_TASK}-0.mp4",
    "uuid": _UUID,
    "value": '{"amount": 5}',
    "voice": "coral",
    "webhook_url": "https://shop.example.com/hooks/video",
}
"""What is text; a name that isn't here needs an example of its own."""

NUMBERS: Mapping[str, float] = {
    "amount": 6.57,
    "attempts": 1,
    "available": 993.43,
    "available_change": -6.57,
    "balance": 993.43,
    "completed_at": _EPOCH + 70,
    "cost": 0.0657,
    "cost_actual": 0.0657,
    "cost_estimate": 0.0657,
    "created": _EPOCH,
    "created_at": _EPOCH,
    "credits": 6.57,
    "credits_low": 50,
    "currency_value": 9.9343,
    "deadline_seconds": 3600,
    "duration": 5,
    "expires_at": _EPOCH + 86_400,
    "expires_in": 900,
    "failed": 0,
    "cancelled": 0,
    "height": 720,
    "held": 6.57,
    "held_change": 6.57,
    "last_status": 204,
    "latency_ms": 84,
    "max_live_tasks": 100,
    "open": 0,
    "open_credits": 0,
    "partition": 3,
    "pending": 0,
    "percent": 100,
    "progress": 100,
    "requests_per_minute": 600,
    "retention_days": 30,
    "size_bytes": 1_830_114,
    "spend_cap": 500,
    "spent": 6.57,
    "status": 204,
    "wait": 20,
    "width": 1280,
    "wrong": 0,
}
"""What is a number; another one is 1, or the least that its schema allows."""

OBJECTS: Mapping[str, Any] = {
    "data": {"percent": 40},
    "detail": {"credits": 20},
    "headers": {"content-type": "image/png"},
    "input": _GIVEN,
    "input_reference": {"image_url": "https://example.com/a.png"},
    "metadata": {"order": "7"},
    "phases": {"requested_at": _AT, "finished_at": "2026-11-21T08:01:10.000Z"},
    "schema": {"type": "object", "required": ["prompt"], "properties": {"prompt": {"type": "string"}}},
}
USUALLY_NULL = frozenset(
    {
        "deleted_at",
        "disabled_at",
        "disabled_reason",
        "error",
        "error_class",
        "error_code",
        "failing_since",
        "next_cursor",
        "next_poll_at",
        "previous_secret_valid_until",
        "previous_valid_until",
        "queue_position",
        "remixed_from_video_id",
        "replayed_at",
        "role",
    }
)
"""What is null in most bodies, where it may be."""
_PREFERRED = ("succeeded", "completed", "delivered")
_FORMATS = {
    "binary": "(the bytes)",
    "date": "2026-11-21",
    "date-time": _AT,
    "uri": "https://example.com/a.png",
}


def sample(schema: Document, name: str = "") -> Any:
    """A body that the schema allows; a text of whose name nothing is known is UNKNOWN."""
    for given in ("example", "const", "default"):
        if given in schema:
            return schema[given]
    if schema.get("examples"):
        return schema["examples"][0]
    if name in USUALLY_NULL and _may_be_null(schema):
        return None
    if "enum" in schema:
        return next((each for each in _PREFERRED if each in schema["enum"]), schema["enum"][0])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return sample(schema[several][0], name)
    return _typed(schema, name)


def _may_be_null(schema: Document) -> bool:
    choices = schema.get("anyOf", [])
    return "null" in schema.get("type", ()) or {"type": "null"} in choices or None in schema.get("enum", ())


def _typed(schema: Document, name: str) -> Any:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    match kinds[0]:
        case "object":
            return _object(schema, name)
        case "array":
            return [sample(schema["items"], name)]
        case "boolean":
            return name in {"available", "enabled", "right"}
        case "integer" | "number":
            return NUMBERS.get(name, schema.get("minimum", 1))
        case "string" if "format" in schema:
            return _FORMATS[schema["format"]]
    return TEXTS.get(name, UNKNOWN)


def _object(schema: Document, name: str) -> Any:
    if "properties" not in schema:
        return OBJECTS.get(name, {})
    named = list(schema["properties"].items())
    return {each: sample(inner, each) for each, inner in (named[:1] if name == "output" else named)}
