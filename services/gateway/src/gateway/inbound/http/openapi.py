"""The OpenAPI document: what each route takes, and every status that it can answer."""

from typing import Any

Document = dict[str, Any]

_NUMBER = {"type": "number"}
_TEXT = {"type": "string"}
_TIME = {"type": ["string", "null"], "format": "date-time"}
_STATUS = {"enum": ["queued", "processing", "succeeded", "failed", "cancelled"]}

_ERROR: Document = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["type", "code", "message", "param", "request_id"],
            "properties": {
                "type": _TEXT,
                "code": _TEXT,
                "message": _TEXT,
                "param": {"type": ["string", "null"]},
                "request_id": _TEXT,
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"param": _TEXT, "code": _TEXT, "message": _TEXT},
                    },
                },
                "required": {"type": "number", "description": "402: what it costs, in credits"},
                "balance": {"type": "number", "description": "402: what is available, in credits"},
            },
        }
    },
}
_RECEIPT: Document = {
    "type": "object",
    "required": ["request_id", "task_id", "status", "cost_estimate"],
    "properties": {
        "request_id": _TEXT,
        "task_id": _TEXT,
        "status": _STATUS,
        "cost_estimate": _NUMBER,
        "currency": _TEXT,
    },
}
_FILE: Document = {
    "type": "object",
    "required": ["url", "kind", "content_type", "size_bytes", "sha256"],
    "properties": {
        "url": _TEXT,
        "kind": _TEXT,
        "role": _TEXT,
        "content_type": _TEXT,
        "size_bytes": {"type": "integer"},
        "sha256": _TEXT,
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
        "model": _TEXT,
        "percent": {"type": ["integer", "null"]},
        "cost_actual": {"type": ["number", "null"]},
        "test": {"type": "boolean"},
        "output": {
            "type": ["object", "null"],
            "properties": dict.fromkeys(
                ("videos", "images", "audios", "subtitles", "meshes", "texts"), _FILES
            ),
        },
        "error": {"type": ["object", "null"], "properties": {"code": _TEXT, "message": _TEXT}},
        "created_at": _TIME,
        "finished_at": _TIME,
        "deadline": _TIME,
        "phases": {"type": "object", "additionalProperties": _TIME},
        "attempts": {"type": "array", "items": {"type": "object"}},
    },
}
_EVENT: Document = {
    "type": "object",
    "properties": {
        "object": {"const": "task.event"},
        "task_id": _TEXT,
        "seq": {"type": "integer"},
        "type": _TEXT,
        "at": _TIME,
        "data": {"type": "object"},
    },
}
_MODEL: Document = {
    "type": "object",
    "properties": {
        "object": {"const": "model"},
        "slug": _TEXT,
        "title": _TEXT,
        "description": _TEXT,
        "kind": _TEXT,
        "minimum_tier": _TEXT,
        "available": {"type": "boolean"},
        "price": {"type": "object"},
        "schema": {"type": "object", "description": "JSON Schema of the model's input"},
    },
}
_CREDITS: Document = {
    "type": "object",
    "properties": {
        "available": _NUMBER,
        "held": _NUMBER,
        "currency_value": _NUMBER,
        "currency": _TEXT,
        "tier": _TEXT,
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
_WORDS = {
    400: "The body is not JSON, or a header can't be read",
    401: "No valid API key",
    402: "Not enough credits",
    403: "The account's tier does not allow this, or the account is disabled",
    404: "Nothing there (for this account)",
    409: "The Idempotency-Key was used with another payload",
    413: "The body or its inline data are too large",
    416: "The range begins past the end",
    422: "The input has faults; `details` lists all",
    503: "Overloaded, the model is unavailable, or something of ours can't be reached; see Retry-After",
}


def _list_of(schema: Document) -> Document:
    return {
        "type": "object",
        "properties": {"object": {"const": "list"}, "data": {"type": "array", "items": schema}},
    }


def _json(schema: Document) -> Document:
    return {"application/json": {"schema": schema}}


def _errors(*statuses: int) -> Document:
    return {str(each): {"description": _WORDS[each], "content": _json(_ERROR)} for each in statuses}


def _path(name: str) -> Document:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}


def _header(name: str, words: str) -> Document:
    return {"name": name, "in": "header", "required": False, "schema": _TEXT, "description": words}


def _read(summary: str, schema: Document, *parameters: Document, errors: tuple[int, ...] = ()) -> Document:
    return {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {"200": {"description": "OK", "content": _json(schema)}, **_errors(401, 403, *errors)},
    }


def _submit() -> Document:
    headers = {"Location": {"schema": _TEXT}, "Idempotent-Replayed": {"schema": _TEXT}}
    accepted = {
        "description": "Accepted, or the same as before",
        "content": _json(_RECEIPT),
        "headers": headers,
    }
    return {
        "summary": "Submit a request",
        "parameters": [
            _header("Idempotency-Key", "Unique per request of yours; the same again gives the same task")
        ],
        "requestBody": {"required": True, "content": _json(_SUBMIT_BODY)},
        "responses": {"202": accepted, **_errors(400, 401, 402, 403, 404, 409, 413, 422, 503)},
    }


def _events() -> Document:
    described = _read(
        "A task's history",
        _list_of(_EVENT),
        _path("task_id"),
        _header("Last-Event-ID", "With `Accept: text/event-stream`: go on after this event"),
        errors=(404, 503),
    )
    described["responses"]["200"]["content"]["text/event-stream"] = {"schema": _TEXT}
    described["responses"]["204"] = {"description": "The stream ended with the event you saw last"}
    return described


def _file() -> Document:
    content = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": "A result",
        "security": [],
        "parameters": [_path("token"), _path("name"), _header("Range", "One range of bytes")],
        "responses": {
            "200": {"description": "The file", "content": content},
            "206": {"description": "A part of it", "content": content},
            "304": {"description": "You have it"},
            "307": {"description": "It is in the object store"},
            **_errors(404, 416, 503),
        },
    }


def document() -> Document:
    """OpenAPI 3.1 of the public API."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Framebus",
            "version": "1",
            "description": "One API in front of AI media generation.",
        },
        "security": [{"key": []}],
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/api/v1/tasks": {"post": _submit()},
            "/api/v1/tasks/{task_id}": {"get": _read("A task", _TASK, _path("task_id"), errors=(404,))},
            "/api/v1/tasks/{task_id}/events": {"get": _events()},
            "/api/v1/models": {"get": _read("All models", _list_of(_MODEL))},
            "/api/v1/models/{slug}": {
                "get": _read("A model and its schema", _MODEL, _path("slug"), errors=(404,))
            },
            "/api/v1/credits": {"get": _read("The account's credits", _CREDITS)},
            "/files/{token}/{name}": {"get": _file()},
        },
    }
