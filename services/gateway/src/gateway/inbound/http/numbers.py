"""Amounts as JSON numbers, exact, from integers."""

from datetime import UTC, datetime

import orjson
from catalog.price import currency_text

from gateway.domain.amounts import credits_text


def currency_number(micro: int) -> orjson.Fragment:
    """Micro-credits as currency: 3 150 000 is written 0.0315."""
    return orjson.Fragment(currency_text(micro).encode())


def credits_number(micro: int) -> orjson.Fragment:
    """Micro-credits as credits: 6 570 000 is written 6.57."""
    return orjson.Fragment(credits_text(micro).encode())


def time_text(at: datetime | None) -> str | None:
    """A time in UTC with milliseconds: 2026-11-21T08:00:00.000Z."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
