"""How uploads are described in the OpenAPI document."""

from typing import Any

from gateway.domain.media_files import ENDINGS
from gateway.inbound.http.openapi.parts import (
    TEXT,
    TIME,
    WORDS,
    Document,
    errors,
    json_of,
    list_of,
    path,
    query,
    read,
)

_PIXELS: Document = {"type": ["integer", "null"], "description": "In pixels; null for a sound"}
_SHOWN: dict[str, Any] = {
    "object": {"const": "upload"},
    "id": {**TEXT, "examples": ["file_01KA8Z5Y3QH4V7N2M9X6T8R0BC"]},
    "url": {
        **TEXT,
        "description": "Who has it has the file; use it, the id, or `upload://` and the id as input",
    },
    "file_name": {**TEXT, "examples": ["portrait.png"]},
    "kind": {"enum": ["image", "video", "audio"]},
    "content_type": {"enum": list(ENDINGS), "description": "What the bytes are, whatever was claimed"},
    "size_bytes": {"type": "integer"},
    "sha256": TEXT,
    "width": _PIXELS,
    "height": _PIXELS,
    "duration": {"type": ["number", "null"], "description": "In seconds; null for an image"},
    "created_at": TIME,
    "expires_at": {**TIME, "description": "It goes then, unless a task has used it meanwhile"},
}
_UPLOAD: Document = {"type": "object", "required": list(_SHOWN), "properties": _SHOWN}
_WORDS = {
    **WORDS,
    400: "The form is cut off, or has something else than one file",
    408: "The file took too long to arrive",
    413: "The file is too large for its kind or the account's tier",
    422: "The file is empty, broken, unplayable, of a type that isn't taken, or has too many pixels",
}


def create() -> Document:
    """`POST /api/v1/uploads`."""
    form = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
    }
    return {
        "summary": "Upload a file",
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
        "responses": {
            "201": {
                "description": "Stored",
                "headers": {"Location": {"schema": TEXT}},
                "content": json_of(_UPLOAD),
            },
            **errors(400, 401, 403, 408, 413, 422, 429, 503, words=_WORDS),
        },
    }


def presign() -> Document:
    """`POST /api/v1/uploads/presign`."""
    fields: dict[str, Any] = {
        "file_name": {"type": "string", "minLength": 1, "maxLength": 255},
        "content_type": {"enum": list(ENDINGS)},
        "size_bytes": {"type": "integer", "minimum": 1},
    }
    body = {"type": "object", "required": list(fields), "properties": fields, "additionalProperties": False}
    shown: dict[str, Any] = {
        "object": {"const": "upload.address"},
        "id": TEXT,
        "method": {"const": "PUT"},
        "url": TEXT,
        "headers": {"type": "object", "description": "To be sent as they are"},
        "expires_in": {"type": "integer", "description": "In seconds"},
    }
    address = {"type": "object", "required": list(shown), "properties": shown}
    words = {**_WORDS, 400: WORDS[400], 409: "The object store can't be reached from outside"}
    return {
        "summary": "Get an address to put a file at, then complete it",
        "requestBody": {"required": True, "content": json_of(body)},
        "responses": {
            "201": {"description": "Put the file there", "content": json_of(address)},
            **errors(400, 401, 403, 409, 413, 422, 429, words=words),
        },
    }


def complete() -> Document:
    """`POST /api/v1/uploads/{upload_id}/complete`."""
    words = {**_WORDS, 409: "Nothing has been put at the address yet"}
    described = read("Check a file that was put at its address", _UPLOAD, path("upload_id"))
    described["responses"].update(errors(404, 408, 409, 413, 422, 503, words=words))
    return described


def page() -> Document:
    """`GET /api/v1/uploads`."""
    schema = list_of(_UPLOAD)
    more = {"has_more": {"type": "boolean"}, "next_cursor": {"type": ["string", "null"]}}
    schema = {
        **schema,
        "required": [*schema["required"], *more],
        "properties": {**schema["properties"], **more},
    }
    limit = query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "How many")
    return read(
        "The account's uploads, newest first",
        schema,
        limit,
        query("cursor", TEXT, "From `next_cursor`"),
        errors_of=(422,),
    )


def document() -> Document:
    """`GET /api/v1/uploads/{upload_id}`."""
    return read("An upload", _UPLOAD, path("upload_id"), errors_of=(404,))


def delete() -> Document:
    """`DELETE /api/v1/uploads/{upload_id}`."""
    words = {**WORDS, 409: "An unfinished task uses it"}
    return {
        "summary": "Delete an upload",
        "parameters": [path("upload_id")],
        "responses": {"204": {"description": "Deleted"}, **errors(401, 403, 404, 409, 429, words=words)},
    }
