"""Request bodies as data: which input fields a route's template speaks of.

The templates are filled by `providers.template`, which the catalog doesn't know; tests hold that both read a
template in the same way.
"""

import re
from collections.abc import Iterator
from typing import Any

_PLACE = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)(?:\|([a-z_]+))?\}")
_STRAY = re.compile(r"[{}]")


def places(template: Any) -> Iterator[tuple[str, str | None]]:
    """Each field that a template names, with the filter that its value passes through."""
    for text in _texts(template):
        for found in _PLACE.finditer(text):
            if found[1]:
                yield found[1], found[2]


def stray_braces(template: Any) -> list[str]:
    """The texts with a brace that is no place: a misspelt field would otherwise travel as it stands."""
    return [text for text in _texts(template) if _STRAY.search(_PLACE.sub("", text))]


def _texts(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield template
    elif isinstance(template, dict | list):
        for each in template.values() if isinstance(template, dict) else template:
            yield from _texts(each)
