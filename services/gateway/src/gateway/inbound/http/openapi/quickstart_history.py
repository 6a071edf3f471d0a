"""How the history, sharing and files of `/api` are described in the OpenAPI document."""

from typing import Any

from gateway.inbound.http.openapi.examples import Maybe
from gateway.inbound.http.openapi.parts import TEXT, Document, header, path, query
from gateway.inbound.http.openapi.quickstart_parts import (
    BROUGHT,
    FILE,
    JOB,
    PARAMETERS,
    STATUS,
    errors,
    operation,
    without_key,
)

_TOKEN = "Yv2b0cJ8r4mQ1kD9sW6xH3tN7pL5fA0z"  # noqa: S105 - an example
_GENERATION: dict[str, Any] = {
    "id": 17,
    **{name: value for name, value in JOB.items() if name not in {"generation_id", "queue_position"}},
    "prompt": Maybe("a fox in the snow"),
    "parameters": PARAMETERS,
    "is_favorite": False,
    "is_public": False,
    "share_token": Maybe(_TOKEN),
}
_PUBLIC: dict[str, Any] = {
    "prompt": Maybe("a fox in the snow"),
    "model": "wan-t2v",
    "status": STATUS,
    "filename": Maybe(FILE["filename"]),
    "url": Maybe(FILE["url"]),
    "outputs": [dict(FILE)],
    "created_at": "2026-11-21T08:00:00.000Z",
}
_WINDOW = (
    query("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "How many"),
    query("offset", {"type": "integer", "minimum": 0, "default": 0}, "How many newer ones to leave out"),
)


def page(noun: str) -> Document:
    """`GET /api/generations`, `GET /api/image-generations`."""
    example = {"generations": [_GENERATION], "limit": 50, "offset": 0, "has_more": False}
    return operation(f"What you made of the kind {noun}, newest first", example, *_WINDOW, errors_of=(400,))


def delete(noun: str) -> Document:
    """`DELETE /api/generations/{id}`, `DELETE /api/image-generations/{id}`."""
    return operation(
        f"Delete a generation of the kind {noun} and its files; one that still runs: 400",
        {"id": 17, "deleted": True},
        path("id"),
        errors_of=(400, 404),
    )


def favorite() -> Document:
    """`POST /api/generations/{id}/favorite`."""
    return operation("Favourite or not", {"id": 17, "is_favorite": True}, path("id"), errors_of=(404,))


def share() -> Document:
    """`POST /api/generations/{id}/share`."""
    example = {"id": 17, "share_token": _TOKEN, "share_url": f"https://api.example.com/api/share/{_TOKEN}"}
    return operation("Make a link that needs no key", example, path("id"), errors_of=(400, 404))


def publish() -> Document:
    """`POST /api/generations/{id}/public`."""
    return operation("In the gallery or not", {"id": 17, "is_public": True}, path("id"), errors_of=(400, 404))


def shared() -> Document:
    """`GET /api/share/{token}`."""
    return without_key(
        "What was shared; its addresses carry the token", _PUBLIC, path("token"), errors_of=(404,)
    )


def gallery() -> Document:
    """`GET /api/gallery/community`."""
    example = {"generations": [_PUBLIC], "limit": 50, "offset": 0, "has_more": False}
    return without_key("What its owners made public, newest first", example, *_WINDOW, errors_of=(400,))


def file(noun: str) -> Document:
    """`GET /api/video/{filename}`, `GET /api/image/{filename}`."""
    content = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": f"The bytes ({noun}): for their owner, by a share token, or while they are public",
        "security": [{"key": []}, {}],
        "parameters": [
            path("filename"),
            query("token", TEXT, "A share token"),
            header("Range", "One range of bytes"),
        ],
        "responses": {
            "200": {"description": "The file", "content": content},
            "206": {"description": "A part of it", "content": content},
            "304": {"description": "You have it"},
            **errors(401, 403, 404, 416, 429, 503),
        },
    }


def upload_image() -> Document:
    """`POST /api/upload-image`."""
    form = {
        "type": "object",
        "required": ["image"],
        "properties": {"image": {"type": "string", "format": "binary", "description": "PNG, JPEG or WebP"}},
    }
    described = operation("Bring an image for input_image or end_image", BROUGHT, errors_of=(400, 413, 503))
    body = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    return {**described, "requestBody": body}


def input_image() -> Document:
    """`GET /api/input-image/{filename}`."""
    described = file("an image that was brought")
    parameters = [path("filename"), header("Range", "One range of bytes")]
    return {**described, "summary": "An image of yours", "security": [{"key": []}], "parameters": parameters}
