"""W3C trace context, carried through HTTP, Kafka headers and rows as its `traceparent` text."""

import contextlib
import os
import re
from collections.abc import Iterator
from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)
_SHAPE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def current_traceparent() -> str | None:
    """The trace that the running code belongs to."""
    return _current.get()


def accept(value: str | None) -> str:
    """A caller's traceparent when it is well-formed (W3C Trace Context 3.2), else a new trace."""
    if value and _SHAPE.fullmatch(value):
        return value
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"


@contextlib.contextmanager
def within(traceparent: str | None) -> Iterator[None]:
    """Run a block as part of a trace."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)
