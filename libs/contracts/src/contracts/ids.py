"""Ids: UUIDv7 inside (native in tables, on the bus), prefixed text only at the edge.

The time inside an id is never read; it only keeps indexes in insertion order.
"""

import os
import time
from uuid import UUID

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {c: i for i, c in enumerate(_CROCKFORD)} | {c.lower(): i for i, c in enumerate(_CROCKFORD)}
_TEXT_LENGTH = 26
_SHIFTS = range(120, -10, -10)
_PAIRS = [high + low for high in _CROCKFORD for low in _CROCKFORD]


def uuid7() -> UUID:
    """A new time-ordered id (RFC 9562, version 7)."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high, low = (random >> 62) & 0xFFF, random & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)


def to_text(prefix: str, value: UUID) -> str:
    """`task_` + 26 characters of Crockford base32, upper case."""
    number = value.int
    return prefix + "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])


def from_text(prefix: str, text: str) -> UUID | None:
    """The id behind a prefixed text, or None when it is not one of ours."""
    body = text[len(prefix) :]
    if not text.startswith(prefix) or len(body) != _TEXT_LENGTH:
        return None
    number = 0
    for character in body:
        digit = _VALUES.get(character)
        if digit is None:
            return None
        number = (number << 5) | digit
    return UUID(int=number) if number < 1 << 128 else None


TASK = "task_"


def task_text(task_id: UUID) -> str:
    """A task's id as clients see it."""
    return to_text(TASK, task_id)


def task_from_text(text: str) -> UUID | None:
    """The task id behind a client's text, or None."""
    return from_text(TASK, text)
