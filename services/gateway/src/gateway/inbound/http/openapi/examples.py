"""Schemas made from examples: what a body looks like is said once, and shown beside its schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.inbound.http.openapi.parts import Document

_TYPES: Mapping[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value of the example that may also be null."""

    value: Any


@dataclass(frozen=True, slots=True)
class AnyObject:
    """An object of the example whose names are not known beforehand."""

    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OneOf:
    """A text of the example that is one of several."""

    value: str
    choices: tuple[str, ...]


def content(example: Any) -> Document:
    """JSON content: every name of the example is always there, numbers may have fractions."""
    return {"application/json": {"schema": schema(example), "example": plain(example)}}


def schema(example: Any) -> Document:
    """The JSON Schema of bodies like this one."""
    match example:
        case Maybe(value):
            return {"anyOf": [schema(value), {"type": "null"}]}
        case AnyObject():
            return {"type": "object", "additionalProperties": True}
        case OneOf(_, choices):
            return {"enum": list(choices)}
        case dict():
            properties = {name: schema(value) for name, value in example.items()}
            return {"type": "object", "required": list(example), "properties": properties}
        case list():
            return {"type": "array", "items": schema(example[0])}
        case _:
            return {"type": _TYPES[type(example)]}


def plain(example: Any) -> Any:
    """The example itself."""
    match example:
        case Maybe(value) | AnyObject(value) | OneOf(value, _):
            return plain(value)
        case dict():
            return {name: plain(value) for name, value in example.items()}
        case list():
            return [plain(each) for each in example]
        case _:
            return example
