"""How result links are described in the OpenAPI document."""

from gateway.inbound.http.openapi.parts import Document, errors, header, path


def file() -> Document:
    """`GET /files/{token}/{name}`."""
    content = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": "A result",
        "security": [],
        "parameters": [path("token"), path("name"), header("Range", "One range of bytes")],
        "responses": {
            "200": {"description": "The file", "content": content},
            "206": {"description": "A part of it", "content": content},
            "304": {"description": "You have it"},
            "307": {"description": "It is in the object store"},
            **errors(404, 416, 503),
        },
    }
