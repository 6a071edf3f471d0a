"""How API keys are described in the OpenAPI document."""

from typing import Any

from gateway.inbound.http.openapi.parts import TEXT, TIME, Document, errors, json_of, list_of, path, read

SCOPES: Document = {
    "type": "array",
    "items": {"enum": ["read", "write", "keys"]},
    "description": "`read` looks; `write` submits, cancels, uploads, deletes; `keys` manages keys",
}
_CREDITS: Document = {"type": ["number", "null"], "minimum": 0, "description": "In credits; null: no cap"}
_PER_MINUTE: Document = {
    "type": ["integer", "null"],
    "minimum": 1,
    "description": "null: the account's alone",
}
_SETTABLE: dict[str, Any] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 100, "examples": ["My app"]},
    "scopes": SCOPES,
    "expires_at": {**TIME, "description": "From then on the key is refused; null: never"},
    "requests_per_minute": _PER_MINUTE,
    "spend_cap": _CREDITS,
}
_SHOWN: dict[str, Any] = {
    "object": {"const": "key"},
    "id": {**TEXT, "examples": ["key_01KA8Z5Y3QH4V7N2M9X6T8R0BC"]},
    "prefix": {**TEXT, "description": "What may be shown of the key", "examples": ["mv_live_aB3d…9xYz"]},
    **_SETTABLE,
    "test": {"type": "boolean", "description": "Spends test credits and only reaches the simulator"},
    "created_at": TIME,
    "last_used_at": {**TIME, "description": "To the minute"},
    "disabled": {"type": "boolean"},
    "spent": {"type": ["number", "null"], "description": "Counted against the spend cap; null without one"},
}
KEY: Document = {"type": "object", "required": list(_SHOWN), "properties": _SHOWN}
_NEW_KEY: Document = {
    "type": "object",
    "required": [*_SHOWN, "key"],
    "properties": {**_SHOWN, "key": {**TEXT, "description": "The whole key, this once"}},
}


def page() -> Document:
    """`GET /api/v1/keys`."""
    return read("The account's API keys", list_of(KEY))


def create() -> Document:
    """`POST /api/v1/keys`."""
    body = {
        "type": "object",
        "required": ["name"],
        "properties": {**_SETTABLE, "test": {"type": "boolean"}},
        "additionalProperties": False,
    }
    made = {
        "description": "Made; the only answer with the whole key",
        "headers": {"Location": {"schema": TEXT}},
        "content": json_of(_NEW_KEY),
    }
    return {
        "summary": "Make an API key",
        "requestBody": {"required": True, "content": json_of(body)},
        "responses": {"201": made, **errors(400, 401, 403, 409, 413, 422, 429)},
    }


def document() -> Document:
    """`GET /api/v1/keys/{key_id}`."""
    return read("An API key", KEY, path("key_id"), errors_of=(404,))


def change() -> Document:
    """`PATCH /api/v1/keys/{key_id}`."""
    settable = {**_SETTABLE, "disabled": {"type": "boolean"}}
    body = {"type": "object", "properties": settable, "additionalProperties": False}
    described = read("Change, disable or enable an API key", KEY, path("key_id"))
    described["requestBody"] = {"required": True, "content": json_of(body)}
    described["responses"].update(errors(400, 404, 413, 422))
    return described


def delete() -> Document:
    """`DELETE /api/v1/keys/{key_id}`."""
    return {
        "summary": "Delete an API key for good",
        "parameters": [path("key_id")],
        "responses": {"204": {"description": "Deleted"}, **errors(401, 403, 404, 429)},
    }
