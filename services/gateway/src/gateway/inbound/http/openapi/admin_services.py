"""How the operator's routes about services are described."""

from gateway.inbound.http.openapi.admin import body_of
from gateway.inbound.http.openapi.credits import LIMIT
from gateway.inbound.http.openapi.parts import TEXT, TIME, Document, errors, list_of, path, query, read

_NULLABLE: Document = {"type": ["string", "null"]}
_REASON: Document = {"type": "string", "minLength": 1, "maxLength": 500}
_LETTER: Document = {
    "type": "object",
    "required": ["id", "topic", "partition", "offset", "reason", "error", "created_at", "replayed_at"],
    "properties": {
        "object": {"const": "dead_letter"},
        "id": {"type": "integer"},
        "topic": TEXT,
        "partition": {"type": "integer"},
        "offset": {"type": "integer"},
        "subject": {**_NULLABLE, "description": "The task or other thing that it is about"},
        "key": _NULLABLE,
        "reason": {**TEXT, "examples": ["schema_invalid", "unknown_version", "unprocessable"]},
        "error": TEXT,
        "created_at": TIME,
        "replayed_at": TIME,
        "headers": {"type": "object", "description": "Of one letter only"},
        "value": {
            **_NULLABLE,
            "description": "Of one letter only: its record, what is no ASCII escaped",
        },
    },
}
_PROVIDER: Document = {"type": "object", "required": ["provider"], "properties": {"provider": TEXT}}
_SERVICE, _ID = path("service"), path("letter_id")


def dead_letters() -> Document:
    """`GET /api/v1/admin/services/{service}/dead-letters`."""
    schema = list_of(_LETTER)
    schema["properties"] |= {"open": {"type": "integer", "description": "How many were not replayed"}}
    before = query("before", {"type": "integer", "minimum": 1}, "Only letters with smaller ids")
    still_open = query("open", {"type": "boolean"}, "Only those not replayed yet, or only the others")
    return read(
        "A service's dead letters, newest first",
        schema,
        _SERVICE,
        LIMIT,
        before,
        still_open,
        errors_of=(404, 422, 503),
    )


def dead_letter() -> Document:
    """`GET /api/v1/admin/services/{service}/dead-letters/{letter_id}`."""
    return read("A dead letter with its record", _LETTER, _SERVICE, _ID, errors_of=(404, 503))


def replay() -> Document:
    """`POST /api/v1/admin/services/{service}/dead-letters/{letter_id}/replay`."""
    described = read("Have its reader handle a dead letter again", _LETTER, _SERVICE, _ID)
    described["requestBody"] = {**body_of([], {"reason": _REASON}), "required": False}
    described["responses"].update(errors(400, 404, 409, 413, 422, 503))
    return described


def replay_outbox() -> Document:
    """`POST /api/v1/admin/services/{service}/outbox/replay`."""
    schema: Document = {
        "type": "object",
        "required": ["service", "rows", "after"],
        "properties": {
            "object": {"const": "outbox_replay"},
            "service": TEXT,
            "rows": {"type": "integer", "description": "How many are sent again"},
            "after": {**TEXT, "description": "The cursor that the relay went back to"},
        },
    }
    body = body_of(
        [],
        {
            "since": {**TEXT, "description": "From this moment on (ISO 8601)"},
            "after": {**TEXT, "description": "After this cursor: epoch/transaction/row"},
            "everything": {"type": "boolean", "default": False},
            "reason": _REASON,
        },
    )
    described = read("Have a service send its events again", schema, _SERVICE)
    described["description"] = (
        "Exactly one of `since`, `after`, `everything`. Ids stay: readers know repeats."
    )
    described["requestBody"] = body
    described["responses"].update(errors(400, 404, 409, 413, 422, 503))
    return described


def providers() -> Document:
    """`GET /api/v1/admin/providers`."""
    return read("How each key of each provider does", list_of(_PROVIDER), errors_of=(503,))
