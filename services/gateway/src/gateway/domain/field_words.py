"""A surface's fields in the words of a catalog model: pure functions of the model's input schema.

What one surface calls `seconds` or `imageUrl` every model calls something else. The first name that the
schema has is taken; a field that no name fits is a fault with the surface's own name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.problem import Detail

Properties = Mapping[str, Mapping[str, Any]]
Placed = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A model's input, and what could not be said in its words."""

    input: dict[str, Any]
    faults: tuple[Detail, ...]
    names: dict[str, str]
    """Input field to the surface's field."""


Place = Callable[[Properties, Any], Placed | None]
"""A value as input fields of a model; None if the model has no word for it."""


def map_fields(
    properties: Properties, given: Mapping[str, Any], places: Mapping[str, Place], own: frozenset[str]
) -> Mapped:
    """The fields of a request as a model's input. What isn't the surface's goes through under its own name.

    `own` are fields that the surface uses itself. Null means not given.
    """
    placed: dict[str, Any] = {}
    names: dict[str, str] = {}
    faults: list[Detail] = []
    for name, value in given.items():
        if name in own or value is None:
            continue
        found = places[name](properties, value) if name in places else _itself(name, properties, value)
        if found is None:
            faults.append(_unspeakable(name, value, known=name in places))
            continue
        placed.update(found)
        names.update(dict.fromkeys(found, name))
    return Mapped(placed, tuple(faults), names)


def named_as(*choices: str) -> Place:
    """A value that goes into the first of these fields that a model has; in a list where that takes one."""

    def place(properties: Properties, value: Any) -> Placed | None:
        name = next((each for each in choices if each in properties), None)
        if name is None:
            return None
        listed = properties[name].get("type") == "array" and not isinstance(value, list)
        return {name: [value] if listed else coerced(properties[name], value)}

    return place


def coerced(schema: Mapping[str, Any], value: Any) -> Any:
    """A form's text as the type that the schema wants; anything else as it is."""
    if not isinstance(value, str):
        return value
    kind = schema.get("type")
    if kind in {"integer", "number"}:
        number = number_of(value)
        return value if number is None else number
    return {"true": True, "false": False}.get(value.lower(), value) if kind == "boolean" else value


def _itself(name: str, properties: Properties, value: Any) -> Placed | None:
    return {name: coerced(properties[name], value)} if name in properties else None


def number_of(value: Any) -> int | float | None:
    """A number that may be written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if number != number or abs(number) > 1e9:
        return None
    return int(number) if number == int(number) else number


def _unspeakable(name: str, value: Any, *, known: bool) -> Detail:
    if not known:
        return Detail(name[:200], "unknown_parameter", "is no parameter of this model")
    shown = f" {value!r}"[:60] if isinstance(value, str | int | float) else ""
    return Detail(name, "unsupported_parameter", f"{shown.strip()} can't be asked of this model".strip())
