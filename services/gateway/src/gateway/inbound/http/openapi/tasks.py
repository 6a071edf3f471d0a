"""How tasks are described in the OpenAPI document."""

from gateway.inbound.http.openapi.parts import (
    NUMBER,
    TEXT,
    TIME,
    Document,
    errors,
    header,
    json_of,
    list_of,
    path,
    read,
)

_STATUS = {"enum": ["queued", "processing", "succeeded", "failed", "cancelled"]}

_RECEIPT: Document = {
    "type": "object",
    "required": ["request_id", "task_id", "status", "cost_estimate"],
    "properties": {
        "request_id": TEXT,
        "task_id": TEXT,
        "status": _STATUS,
        "cost_estimate": NUMBER,
        "currency": TEXT,
    },
}
_FILE: Document = {
    "type": "object",
    "required": ["url", "kind", "content_type", "size_bytes", "sha256"],
    "properties": {
        "url": TEXT,
        "kind": TEXT,
        "role": TEXT,
        "content_type": TEXT,
        "size_bytes": {"type": "integer"},
        "sha256": TEXT,
        "width": {"type": "integer"},
        "height": {"type": "integer"},
        "duration": {"type": "number", "description": "seconds"},
    },
}
_FILES = {"type": "array", "items": _FILE}
_OUTPUT_LISTS = ("videos", "images", "audios", "subtitles", "meshes", "texts")
_TASK: Document = {
    "type": "object",
    "properties": {
        **_RECEIPT["properties"],
        "object": {"const": "task"},
        "model": TEXT,
        "percent": {"type": ["integer", "null"]},
        "cost_actual": {"type": ["number", "null"]},
        "test": {"type": "boolean"},
        "output": {
            "type": ["object", "null"],
            "properties": dict.fromkeys(_OUTPUT_LISTS, _FILES),
        },
        "error": {"type": ["object", "null"], "properties": {"code": TEXT, "message": TEXT}},
        "created_at": TIME,
        "finished_at": TIME,
        "deadline": TIME,
        "phases": {"type": "object", "additionalProperties": TIME},
        "attempts": {"type": "array", "items": {"type": "object"}},
    },
}
_EVENT: Document = {
    "type": "object",
    "properties": {
        "object": {"const": "task.event"},
        "task_id": TEXT,
        "seq": {"type": "integer"},
        "type": TEXT,
        "at": TIME,
        "data": {"type": "object"},
    },
}
_SUBMIT_BODY: Document = {
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        "model": {"type": "string", "examples": ["doubao-seedance-2-0-fast"]},
        "input": {"type": "object", "description": "By the model's schema"},
    },
    "additionalProperties": False,
}


def submit() -> Document:
    """`POST /api/v1/tasks`."""
    headers = {"Location": {"schema": TEXT}, "Idempotent-Replayed": {"schema": TEXT}}
    accepted = {
        "description": "Accepted, or the same as before",
        "content": json_of(_RECEIPT),
        "headers": headers,
    }
    return {
        "summary": "Submit a request",
        "parameters": [
            header("Idempotency-Key", "Unique per request of yours; the same again gives the same task")
        ],
        "requestBody": {"required": True, "content": json_of(_SUBMIT_BODY)},
        "responses": {"202": accepted, **errors(400, 401, 402, 403, 404, 409, 413, 422, 429, 503)},
    }


def events() -> Document:
    """`GET /api/v1/tasks/{task_id}/events`."""
    described = read(
        "A task's history",
        list_of(_EVENT),
        path("task_id"),
        header("Last-Event-ID", "With `Accept: text/event-stream`: go on after this event"),
        errors_of=(404, 503),
    )
    described["responses"]["200"]["content"]["text/event-stream"] = {"schema": TEXT}
    described["responses"]["204"] = {"description": "The stream ended with the event you saw last"}
    return described


def document() -> Document:
    """`GET /api/v1/tasks/{task_id}`."""
    return read("A task", _TASK, path("task_id"), errors_of=(404,))
