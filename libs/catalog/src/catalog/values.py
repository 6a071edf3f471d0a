"""Checks that hold for every input, whatever the model: depth, and characters that nobody can store."""

import re
from collections.abc import Iterator
from typing import Any

from catalog.fault import Fault, path

MAX_DEPTH = 32
_NUL = "\x00"
_SURROGATE = re.compile("[\ud800-\udfff]")

Steps = tuple[str | int, ...]


def is_plain(value: Any) -> bool:
    """Whether nothing of the kind is there: the common case, told without building a path."""
    pending = [(value, 0)]
    while pending:
        each, depth = pending.pop()
        if depth > MAX_DEPTH or (isinstance(each, str) and not _is_plain_text(each)):
            return False
        if isinstance(each, dict):
            pending += [(name, depth + 1) for name in each]
            pending += [(inner, depth + 1) for inner in each.values()]
        elif isinstance(each, list):
            pending += [(inner, depth + 1) for inner in each]
    return True


def nul_faults(value: Any) -> list[Fault]:
    """Every string or name with U+0000: Postgres can't hold it."""
    return [
        Fault(path(*steps), "invalid_character", "must not contain U+0000")
        for steps, text in _texts(value)
        if _NUL in text
    ]


def unreadable(value: Any) -> list[Fault]:
    """What no validator could read: nesting beyond 32 levels, halves of surrogate pairs."""
    if any(len(steps) > MAX_DEPTH for steps, _ in _walk(value)):
        return [Fault(path(), "too_deep", f"must not be nested deeper than {MAX_DEPTH} levels")]
    return [
        Fault(path(*map(_printable, steps)), "invalid_character", "must be valid Unicode")
        for steps, text in _texts(value)
        if _SURROGATE.search(text)
    ]


def _is_plain_text(text: str) -> bool:
    return _NUL not in text and (text.isascii() or not _SURROGATE.search(text))


def _texts(value: Any) -> Iterator[tuple[Steps, str]]:
    """All strings with their paths; a name counts as a string at its own path."""
    for steps, each in _walk(value):
        if isinstance(each, str):
            yield steps, each
        if steps and isinstance(steps[-1], str):
            yield steps, steps[-1]


def _walk(value: Any) -> Iterator[tuple[Steps, Any]]:
    """Every value with its path, not deeper than one level beyond the limit."""
    pending: list[tuple[Steps, Any]] = [((), value)]
    while pending:
        steps, each = pending.pop()
        yield steps, each
        if len(steps) > MAX_DEPTH:
            continue
        if isinstance(each, dict):
            pending += [((*steps, name), inner) for name, inner in each.items()]
        elif isinstance(each, list):
            pending += [((*steps, index), inner) for index, inner in enumerate(each)]


def _printable(step: str | int) -> str | int:
    return _SURROGATE.sub("\ufffd", step) if isinstance(step, str) else step
