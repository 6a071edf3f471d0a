"""Building blocks of the OpenAPI document: schemas, parameters and answers that several areas use."""

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

NUMBER: Document = {"type": "number"}
TEXT: Document = {"type": "string"}
TIME: Document = {"type": ["string", "null"], "format": "date-time"}

ERROR: Document = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["type", "code", "message", "param", "request_id"],
            "properties": {
                "type": TEXT,
                "code": TEXT,
                "message": TEXT,
                "param": {"type": ["string", "null"]},
                "request_id": TEXT,
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"param": TEXT, "code": TEXT, "message": TEXT},
                    },
                },
                "required": {"type": "number", "description": "402: what it costs, in credits"},
                "balance": {"type": "number", "description": "402: what is available, in credits"},
            },
        }
    },
}
WORDS: Mapping[int, str] = {
    400: "The body is not JSON, or a header can't be read",
    401: "No valid API key",
    402: "Not enough credits",
    403: "The account's tier or the key's scopes do not allow this, or the account is disabled",
    404: "Nothing there (for this account)",
    409: "The Idempotency-Key was used with another payload",
    413: "The body or its inline data are too large",
    416: "The range begins past the end",
    422: "The input has faults; `details` lists all",
    429: "Too many requests, or too many unfinished tasks; see Retry-After",
    503: "Overloaded, the model is unavailable, or something of ours can't be reached; see Retry-After",
}


def list_of(schema: Document) -> Document:
    """A list object of v1."""
    return {
        "type": "object",
        "required": ["object", "data"],
        "properties": {"object": {"const": "list"}, "data": {"type": "array", "items": schema}},
    }


def json_of(schema: Document) -> Document:
    """Content that is JSON."""
    return {"application/json": {"schema": schema}}


def errors(*statuses: int, schema: Document = ERROR, words: Mapping[int, str] = WORDS) -> Document:
    """Answers that are errors: v1's unless a surface gives its own schema and words."""
    return {str(each): {"description": words[each], "content": json_of(schema)} for each in statuses}


def path(name: str) -> Document:
    """A parameter in the path."""
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def header(name: str, words: str) -> Document:
    """An optional header of the request."""
    return {"name": name, "in": "header", "required": False, "schema": TEXT, "description": words}


def query(name: str, schema: Document, words: str) -> Document:
    """An optional query parameter."""
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": words}


def read(summary: str, schema: Document, *parameters: Document, errors_of: tuple[int, ...] = ()) -> Document:
    """A v1 operation that is answered 200 with JSON, and what every one of them can also answer."""
    return {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {
            "200": {"description": "OK", "content": json_of(schema)},
            **errors(401, 403, 429, *errors_of),
        },
    }
