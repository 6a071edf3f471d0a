"""The OpenAPI document, gathered from the areas' operations."""

from collections.abc import Iterable

from gateway.inbound.http.openapi.parts import Document
from gateway.inbound.http.operation import Operation, paths


def document(operations: Iterable[Operation]) -> Document:
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
        "paths": paths(operations),
    }
