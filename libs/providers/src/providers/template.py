"""A provider's request body as data: a JSON template that a route brings, filled from a model's input.

`"{prompt}"` alone becomes the field's value with its type; inside a longer text it becomes its text. What
names a field that the input doesn't have is left out, and so is an object or a list that becomes empty by it.
`{name|filter}` passes the value through one of `FILTERS`; `{{` and `}}` are braces.
"""

import random
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from providers.job import Submission

_PLACE = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)(?:\|([a-z_]+))?\}")
_ABSENT: Final = object()
_SEED_BITS: Final = 31

FILTERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": str,
    "seed": lambda value: value if value >= 0 else random.getrandbits(_SEED_BITS),
    "seed_or_none": lambda value: value if value >= 0 else None,
    "half": lambda value: max(1, int(value) // 2),
    "whole": int,
    "upper": lambda value: str(value).upper(),
    "first": lambda value: value[0] if value else None,
    "second": lambda value: value[1] if len(value) > 1 else None,
}
"""A filter that gives None leaves its place out. `seed` draws one where -1 asks for it: each fill another."""


def fill(template: Any, given: Mapping[str, Any]) -> Any:
    """The template with the input's values; an empty object if nothing is left of one."""
    filled = _fill(template, given)
    return {} if filled is _ABSENT and isinstance(template, dict) else None if filled is _ABSENT else filled


def filled(submission: Submission) -> dict[str, Any]:
    """A submission's route options, and over them its template filled, or its input as it is without one."""
    if submission.template is None:
        return {**submission.options, **submission.input}
    return {**submission.options, **fill(submission.template, submission.input)}


def names(template: Any) -> set[str]:
    """The input fields that a template speaks of."""
    if isinstance(template, str):
        return {found[1] for found in _PLACE.finditer(template) if found[1]}
    if isinstance(template, dict):
        return {name for each in template.values() for name in names(each)}
    return {name for each in template for name in names(each)} if isinstance(template, list) else set()


def faults(template: Any) -> list[str]:
    """What is wrong with a template in itself: unknown filters."""
    if isinstance(template, str):
        used = [found[2] for found in _PLACE.finditer(template) if found[2]]
        return [f"there is no filter {name!r}" for name in used if name not in FILTERS]
    children = template.values() if isinstance(template, dict) else template
    return [fault for each in children for fault in faults(each)] if isinstance(template, dict | list) else []


def _fill(template: Any, given: Mapping[str, Any]) -> Any:
    if isinstance(template, str):
        return _text(template, given)
    if isinstance(template, dict):
        filled = {name: _fill(each, given) for name, each in template.items()}
        return _kept(template, {name: each for name, each in filled.items() if each is not _ABSENT})
    if isinstance(template, list):
        return _kept(template, [each for item in template if (each := _fill(item, given)) is not _ABSENT])
    return template


def _kept(template: Any, filled: Any) -> Any:
    return filled if filled or not template else _ABSENT


def _text(template: str, given: Mapping[str, Any]) -> Any:
    whole = _PLACE.fullmatch(template)
    if whole is not None and whole[1]:
        return _value(whole, given)
    values = {found[0]: _value(found, given) for found in _PLACE.finditer(template) if found[1]}
    if any(value is _ABSENT for value in values.values()):
        return _ABSENT
    return _PLACE.sub(lambda found: str(values[found[0]]) if found[1] else found[0][0], template)


def _value(found: re.Match[str], given: Mapping[str, Any]) -> Any:
    value = given.get(found[1])
    if value is not None and found[2]:
        value = FILTERS[found[2]](value)
    return _ABSENT if value is None else value
