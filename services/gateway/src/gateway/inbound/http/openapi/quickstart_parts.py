"""Building blocks of the descriptions of `/api`: its errors, its bodies, its jobs."""

from collections.abc import Mapping
from typing import Any

from gateway.inbound.http.openapi import examples
from gateway.inbound.http.openapi.examples import AnyObject, Maybe, OneOf
from gateway.inbound.http.openapi.parts import TEXT, Document, header
from gateway.inbound.http.openapi.parts import errors as errors_of

WORDS: Mapping[int, str] = {
    400: "The request has a fault: see `param`, or all of them in `details`",
    401: "No valid API key",
    402: "Not enough credits: `required` and `balance`",
    403: "The account's tier (`required_tier`) or the key's scopes do not allow this",
    404: "Nothing there (for this account)",
    409: "The Idempotency-Key was used with another payload, or a limit of the account is reached",
    413: "The body or its inline data are too large",
    416: "The range begins past the end",
    429: "Too many requests, or too many unfinished jobs; see Retry-After",
    503: "Overloaded, the model is unavailable, or something of ours can't be reached; see Retry-After",
}
ERROR: Document = {
    "type": "object",
    "required": ["error", "code"],
    "properties": {
        "error": {**TEXT, "description": "A sentence for people"},
        "code": {**TEXT, "description": "Stable, for programs"},
        "request_id": TEXT,
        "param": {**TEXT, "description": "The field at fault"},
        "details": {
            "type": "array",
            "items": {"type": "object", "properties": {"param": TEXT, "code": TEXT, "message": TEXT}},
        },
        "required": {"type": "number", "description": "402: what it costs, in credits"},
        "balance": {"type": "number", "description": "402: what is available, in credits"},
    },
}
SUBMIT = (400, 401, 402, 403, 404, 409, 413, 429, 503)
KEY = header("Idempotency-Key", "Unique per request of yours; the same again gives the same answer")
TASK = "task_01KA8Z5Y3QH4V7N2M9X6T8R0BC"
STATUS = OneOf("completed", ("queued", "processing", "completed", "error"))
FILE: Mapping[str, Any] = {
    "filename": f"{TASK}-0.mp4",
    "url": f"https://api.example.com/api/video/{TASK}-0.mp4",
    "kind": OneOf("video", ("video", "image", "audio", "subtitle", "mesh", "text")),
    "content_type": "video/mp4",
    "size_bytes": 1_830_114,
    "width": Maybe(832),
    "height": Maybe(480),
    "duration": Maybe(3.375),
}
JOB: Mapping[str, Any] = {
    "job_id": TASK,
    "generation_id": Maybe(17),
    "status": STATUS,
    "progress": 100,
    "queue_position": Maybe(1),
    "model": "wan-t2v",
    "filename": Maybe(FILE["filename"]),
    "url": Maybe(FILE["url"]),
    "outputs": [dict(FILE)],
    "error": Maybe("The provider failed to generate a result."),
    "error_code": Maybe("provider_failed"),
    "cancelled": False,
    "cancel_requested": False,
    "credit_cost": 29.0,
    "credits_charged": Maybe(29.0),
    "created_at": "2026-11-21T08:00:00.000Z",
    "completed_at": Maybe("2026-11-21T08:01:10.000Z"),
}
BROUGHT: Mapping[str, Any] = {
    "filename": "file_01KA8Z5Y3QH4V7N2M9X6T8R0BC.png",
    "url": "https://api.example.com/api/input-image/file_01KA8Z5Y3QH4V7N2M9X6T8R0BC.png",
    "content_type": "image/png",
    "size_bytes": 48_213,
    "width": Maybe(832),
    "height": Maybe(480),
}
INPUT: Mapping[str, Any] = {"prompt": "a fox in the snow", "frames": 81, "steps": 4, "seed": -1}
PARAMETERS = AnyObject(INPUT)


def errors(*statuses: int) -> Document:
    """Answers that are errors in this surface's shape."""
    return errors_of(*statuses, schema=ERROR, words=WORDS)


def answered(example: Mapping[str, Any], *statuses: int) -> Document:
    """200 with a body like this one, or these errors; with a key also the errors of every key."""
    return {"200": {"description": "OK", "content": examples.content(dict(example))}, **errors(*statuses)}


def operation(
    summary: str,
    example: Mapping[str, Any],
    *parameters: Document,
    errors_of: tuple[int, ...] = (),
    body: Document | None = None,
) -> Document:
    """An operation that needs a key."""
    described: Document = {
        "summary": summary,
        "parameters": list(parameters),
        "responses": answered(example, *sorted({401, 403, 429, *errors_of})),
    }
    if body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": body}}
    return described


def without_key(
    summary: str, example: Mapping[str, Any], *parameters: Document, errors_of: tuple[int, ...] = ()
) -> Document:
    """An operation for everybody."""
    return {
        "summary": summary,
        "security": [],
        "parameters": list(parameters),
        "responses": answered(example, *errors_of),
    }


def body_of(required: list[str], properties: Mapping[str, Any], example: Mapping[str, Any]) -> Document:
    """A request's body."""
    schema = {"type": "object", "required": required, "properties": dict(properties)}
    return {"schema": schema, "example": dict(example)}
