"""How webhooks are described in the OpenAPI document."""

from typing import Any

from gateway.inbound.http.openapi.parts import (
    TEXT,
    TIME,
    Document,
    errors,
    json_of,
    list_of,
    path,
    query,
    read,
)

EVENT_TYPES = ("task.succeeded", "task.failed", "task.cancelled", "credits.low", "endpoint.disabled")
DELIVERY_QUERIES = (
    "limit",
    "cursor",
    "status",
    "type",
    "endpoint_id",
    "task_id",
    "created_after",
    "created_before",
)
_OPTIONAL_TEXT: Document = {"type": ["string", "null"]}
_OPTIONAL_NUMBER: Document = {"type": ["integer", "null"]}
_EVENTS: Document = {
    "type": "array",
    "items": {"enum": list(EVENT_TYPES)},
    "description": "What it is told of; empty: everything",
}
_SETTABLE: dict[str, Any] = {
    "url": {**TEXT, "maxLength": 2048, "examples": ["https://shop.example.com/hooks/video"]},
    "description": {**TEXT, "maxLength": 500},
    "events": _EVENTS,
}
_ENDPOINT: dict[str, Any] = {
    "object": {"const": "webhook_endpoint"},
    "id": {**TEXT, "examples": ["wh_01KA8Z5Y3QH4V7N2M9X6T8R0BC"]},
    **_SETTABLE,
    "enabled": {"type": "boolean"},
    "disabled_at": TIME,
    "disabled_reason": {
        "enum": ["owner", "gone", "failing", None],
        "description": "`gone`: it answered 410; `failing`: it has failed for five days",
    },
    "failing_since": {**TIME, "description": "The first failed attempt since the last success"},
    "secret_rotated_at": TIME,
    "previous_secret_valid_until": TIME,
    "created_at": TIME,
    "updated_at": TIME,
}
_SECRET: Document = {
    **TEXT,
    "description": "This once",
    "examples": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
}
_DELIVERY: dict[str, Any] = {
    "object": {"const": "webhook_delivery"},
    "id": {**TEXT, "examples": ["whd_01KA8Z5Y3QH4V7N2M9X6T8R0BC"]},
    "event_id": {**TEXT, "description": "`webhook-id`: the same in every attempt and at every endpoint"},
    "type": TEXT,
    "task_id": _OPTIONAL_TEXT,
    "endpoint_id": {**_OPTIONAL_TEXT, "description": "null: the `webhook_url` of its task"},
    "url": _OPTIONAL_TEXT,
    "status": {"enum": ["pending", "delivered", "given_up"]},
    "reason": {**_OPTIONAL_TEXT, "description": "Why it was given up"},
    "round": {"type": "integer", "description": "One more each time that it is redelivered"},
    "attempts": {"type": "integer"},
    "last_status": _OPTIONAL_NUMBER,
    "next_attempt_at": TIME,
    "created_at": TIME,
    "ended_at": TIME,
}
_ATTEMPT = {
    "attempt": {"type": "integer"},
    "at": TIME,
    "status": _OPTIONAL_NUMBER,
    "error": {**_OPTIONAL_TEXT, "description": "When there was no answer: timeout, connect_failed, …"},
    "latency_ms": {"type": "integer"},
    "response": {**_OPTIONAL_TEXT, "description": "The beginning of the answer's body"},
}
_PAYLOAD: Document = {
    "type": ["object", "null"],
    "properties": {
        "type": TEXT,
        "timestamp": TIME,
        "data": {"type": "object", "description": "A task's document, or what the notice is about"},
    },
}
_OVERLAP: Document = {
    "type": "object",
    "properties": {"overlap_hours": {"type": "number", "minimum": 0, "maximum": 168, "default": 24}},
    "additionalProperties": False,
}
_DEFAULT_SECRET: dict[str, Any] = {
    "object": {"const": "webhook_default_secret"},
    "rotated_at": TIME,
    "previous_valid_until": TIME,
}


def _whole(properties: dict[str, Any]) -> Document:
    return {"type": "object", "required": list(properties), "properties": properties}


def _given(properties: dict[str, Any], *required: str) -> Document:
    body = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**body, "required": list(required)} if required else body


def _asked(
    summary: str,
    status: int,
    schema: Document | None,
    *parameters: Document,
    body: Document | None = None,
    needed: bool = False,
    errors_of: tuple[int, ...] = (),
) -> Document:
    """An operation that changes something; its body may be left out unless it is `needed`."""
    answer: Document = {"description": "Done"} | ({} if schema is None else {"content": json_of(schema)})
    faults = (400, 413, 422) if body is not None else ()
    described: Document = {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {str(status): answer, **errors(401, 403, 429, 503, *faults, *errors_of)},
    }
    if body is not None:
        described["requestBody"] = {"required": needed, "content": json_of(body)}
    return described


def page() -> Document:
    """`GET /api/v1/webhooks`."""
    return read("The account's webhook endpoints", list_of(_whole(_ENDPOINT)), errors_of=(503,))


def create() -> Document:
    """`POST /api/v1/webhooks`."""
    made = _whole({**_ENDPOINT, "secret": _SECRET})
    body = _given(_SETTABLE, "url")
    return _asked("Add a webhook endpoint", 201, made, body=body, needed=True, errors_of=(409,))


def document() -> Document:
    """`GET /api/v1/webhooks/{webhook_id}`."""
    return read("A webhook endpoint", _whole(_ENDPOINT), path("webhook_id"), errors_of=(404, 503))


def change() -> Document:
    """`PATCH /api/v1/webhooks/{webhook_id}`."""
    body = _given({**_SETTABLE, "enabled": {"type": "boolean"}})
    where = path("webhook_id")
    return _asked(
        "Change, disable or enable an endpoint", 200, _whole(_ENDPOINT), where, body=body, errors_of=(404,)
    )


def delete() -> Document:
    """`DELETE /api/v1/webhooks/{webhook_id}`."""
    return _asked("Delete an endpoint", 204, None, path("webhook_id"), errors_of=(404,))


def rotate() -> Document:
    """`POST /api/v1/webhooks/{webhook_id}/rotate-secret`."""
    made, where = _whole({**_ENDPOINT, "secret": _SECRET}), path("webhook_id")
    summary = "Make a new secret; the previous one signs too until the overlap ends"
    return _asked(summary, 200, made, where, body=_OVERLAP, errors_of=(404,))


def test() -> Document:
    """`POST /api/v1/webhooks/{webhook_id}/test`."""
    return _asked(
        "Send a test event (`webhook.test`)",
        202,
        _whole(_DELIVERY),
        path("webhook_id"),
        errors_of=(404, 409),
    )


def redeliver_range() -> Document:
    """`POST /api/v1/webhooks/{webhook_id}/redeliver`."""
    time = {"type": "string", "format": "date-time"}
    body = _given({"since": time, "until": time, "status": {"enum": ["given_up", "all"]}}, "since")
    made = _whole({"object": {"const": "webhook_redelivery"}, "redelivered": {"type": "integer"}})
    summary = "Deliver again what was given up (or everything) in a time range, up to 5000 at once"
    return _asked(summary, 202, made, path("webhook_id"), body=body, needed=True, errors_of=(404,))


def deliveries() -> Document:
    """`GET /api/v1/webhooks/deliveries`."""
    schema = list_of(_whole(_DELIVERY))
    schema = {**schema, "properties": {**schema["properties"], "next_cursor": _OPTIONAL_TEXT}}
    words = {
        "limit": ({"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "How many"),
        "cursor": (TEXT, "`next_cursor` of the page before"),
        "status": ({"enum": ["pending", "delivered", "given_up"]}, "Only these"),
        "type": (TEXT, "Only this type of event"),
        "endpoint_id": (TEXT, "Only to this endpoint"),
        "task_id": (TEXT, "Only about this task"),
        "created_after": ({"type": "string", "format": "date-time"}, "Not before"),
        "created_before": ({"type": "string", "format": "date-time"}, "Before"),
    }
    queries = [query(name, *words[name]) for name in DELIVERY_QUERIES]
    return read("The delivery log, newest first", schema, *queries, errors_of=(422, 503))


def delivery() -> Document:
    """`GET /api/v1/webhooks/deliveries/{delivery_id}`."""
    log = {"type": "array", "items": _whole(_ATTEMPT), "description": "The newest 100 attempts"}
    full = _whole({**_DELIVERY, "payload": _PAYLOAD, "log": log})
    return read("A delivery with its attempts", full, path("delivery_id"), errors_of=(404, 503))


def redeliver() -> Document:
    """`POST /api/v1/webhooks/deliveries/{delivery_id}/redeliver`."""
    return _asked("Deliver again", 202, _whole(_DELIVERY), path("delivery_id"), errors_of=(404, 409))


def default_secret() -> Document:
    """`GET /api/v1/webhooks/default-secret`."""
    summary = "About the secret that signs what tasks with a `webhook_url` send"
    return read(summary, _whole(_DEFAULT_SECRET), errors_of=(503,))


def rotate_default() -> Document:
    """`POST /api/v1/webhooks/default-secret/rotate`."""
    made = _whole({**_DEFAULT_SECRET, "secret": _SECRET})
    return _asked("Be shown a new one; the previous one signs too for a while", 200, made, body=_OVERLAP)


def listen() -> Document:
    """`POST /api/v1/webhooks/listeners`."""
    made = _whole({"object": {"const": "webhook_listener"}, "id": TEXT, "events": _EVENTS, "secret": _SECRET})
    summary = "Begin to listen: for local development, events that are fetched and not sent"
    return _asked(summary, 201, made, body=_given({"events": _EVENTS}), errors_of=(409,))


def poll() -> Document:
    """`POST /api/v1/webhooks/listeners/{listener_id}/poll`."""
    body = _given(
        {
            "acknowledge": {"type": "array", "items": TEXT, "maxItems": 200},
            "wait": {
                "type": "number",
                "minimum": 0,
                "maximum": 20,
                "description": "Seconds to wait for news",
            },
        }
    )
    event = {"object": {"const": "webhook_event"}, "delivery_id": TEXT, "event_id": TEXT, "payload": _PAYLOAD}
    news = list_of(_whole(event))
    where = path("listener_id")
    return _asked("The events that were not acknowledged yet", 200, news, where, body=body, errors_of=(404,))


def stop_listening() -> Document:
    """`DELETE /api/v1/webhooks/listeners/{listener_id}`."""
    return _asked("Stop listening", 204, None, path("listener_id"), errors_of=(404,))


_LOW: Document = {"type": ["number", "null"], "description": "In credits; null: no warning"}
_NOTICES: dict[str, Any] = {"object": {"const": "webhook_notices"}, "credits_low": _LOW}


def notices() -> Document:
    """`GET /api/v1/webhooks/notices`."""
    return read("Below which balance `credits.low` is sent", _whole(_NOTICES))


def change_notices() -> Document:
    """`PUT /api/v1/webhooks/notices`."""
    body = _given({"credits_low": _LOW}, "credits_low")
    return _asked("Set it", 200, _whole(_NOTICES), body=body, needed=True)
