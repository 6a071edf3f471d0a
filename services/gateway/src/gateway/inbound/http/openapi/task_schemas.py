"""The schemas of tasks, their events and what is sent to make them."""

from gateway.domain.wishes import MOST_NAME, MOST_PAIRS, MOST_URL, MOST_VALUE
from gateway.inbound.http.openapi.parts import ERROR, NUMBER, TEXT, TIME, Document

_METADATA: Document = {
    "type": "object",
    "description": "Yours, and given back everywhere. Kept when a task is deleted: no place for secrets.",
    "maxProperties": MOST_PAIRS,
    "propertyNames": {"minLength": 1, "maxLength": MOST_NAME},
    "additionalProperties": {"type": "string", "maxLength": MOST_VALUE},
}
STATUS: Document = {"enum": ["queued", "processing", "succeeded", "failed", "cancelled"]}

RECEIPT: Document = {
    "type": "object",
    "required": ["request_id", "task_id", "status", "cost_estimate"],
    "properties": {
        "request_id": TEXT,
        "task_id": TEXT,
        "status": STATUS,
        "cost_estimate": NUMBER,
        "currency": TEXT,
        "metadata": _METADATA,
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
_MAYBE: Document = {"type": ["string", "null"]}
_ATTEMPT: Document = {
    "type": "object",
    "required": ["number", "provider"],
    "properties": {
        "number": {"type": "integer"},
        "provider": TEXT,
        "route": {**_MAYBE, "description": "The protocol and the provider's own model name"},
        "state": _MAYBE,
        "submitted_at": TIME,
        "polls": {"type": ["integer", "null"]},
        "last_poll_at": TIME,
        "next_poll_at": TIME,
        "error_class": _MAYBE,
        "error_code": _MAYBE,
        "ended_at": TIME,
    },
}
TASK: Document = {
    "type": "object",
    "properties": {
        **RECEIPT["properties"],
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
        "webhook_url": {"type": ["string", "null"]},
        "created_at": TIME,
        "finished_at": TIME,
        "deadline": TIME,
        "deleted_at": TIME,
        "cancel_requested": {"type": "boolean"},
        "queue_position": {
            "type": ["integer", "null"],
            "description": "While it waits for a provider, among the account's own tasks: 1 is next",
        },
        "phases": {"type": "object", "additionalProperties": TIME},
        "attempts": {"type": "array", "items": _ATTEMPT},
    },
}
EVENT: Document = {
    "type": "object",
    "properties": {
        "object": {"const": "task.event"},
        "task_id": TEXT,
        "seq": {"type": "integer"},
        "type": TEXT,
        "at": TIME,
        "data": {"type": "object", "description": "What belongs to an event of this type"},
    },
}
SUBMIT_BODY: Document = {
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        "model": {"type": "string", "examples": ["doubao-seedance-2-0-fast"]},
        "input": {"type": "object", "description": "By the model's schema"},
        "metadata": _METADATA,
        "webhook_url": {
            "type": "string",
            "format": "uri",
            "maxLength": MOST_URL,
            "description": "Told when the task is final, beside the account's endpoints",
        },
        "deadline_seconds": {
            "type": "integer",
            "minimum": 1,
            "maximum": 86_400,
            "description": "By when it must be done; nothing is charged for what comes later",
        },
    },
    "additionalProperties": False,
}
ESTIMATE: Document = {
    "type": "object",
    "required": ["object", "model", "cost_estimate", "credits", "currency"],
    "properties": {
        "object": {"const": "estimate"},
        "model": TEXT,
        "cost_estimate": NUMBER,
        "credits": {"type": "number", "description": "The same in credits"},
        "currency": TEXT,
    },
}
TASK_CONFLICT: Document = {
    "type": "object",
    "required": ["error", "task"],
    "properties": {"error": ERROR["properties"]["error"], "task": TASK},
}
