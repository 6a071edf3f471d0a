"""Providers' bills from a file: CSV with a head, JSON lines, or the simulator's log.

Fields: `provider` (as in our settings), `job_id` (or `id`), and where they are known `cost` (a decimal),
`billed` (true unless said), `accepted_at` (ISO 8601 or unix seconds) and `correlation` (what we called it).
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from dispatcher.domain.reconciliation import Bill

_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """A bill, and when the provider took the job, if it says so."""

    bill: Bill
    accepted_at: datetime | None


def read(text: str) -> list[Line]:
    """All lines. Raises ValueError that names the first one that can't be read."""
    return [_line(number, given) for number, given in enumerate(_records(text), 1)]


def _records(text: str) -> Iterator[Mapping[str, Any]]:
    if not text.lstrip().startswith(("{", "[")):
        yield from csv.DictReader(io.StringIO(text))
        return
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError:
        whole = [orjson.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(whole, dict):
        whole = whole.get("jobs", [whole])
    yield from whole


def _line(number: int, given: Mapping[str, Any]) -> Line:
    try:
        bill = Bill(
            _text(given, "provider"),
            _text(given, "job_id", "id"),
            str(given.get("billed", True)).strip().lower() not in {"false", "0", "no"},
            _cost(given.get("cost")),
            str(given.get("correlation") or "") or None,
        )
        return Line(bill, _moment(given.get("accepted_at")))
    except (ValueError, InvalidOperation, AttributeError, OverflowError) as error:
        raise ValueError(f"bill {number}: {error}") from error


def _text(given: Mapping[str, Any], *names: str) -> str:
    found = next((str(given[name]) for name in names if given.get(name)), None)
    if found is None:
        raise ValueError(f"{names[0]} is missing")
    return found


def _cost(value: Any) -> int | None:
    if value in (None, ""):
        return None
    micro = Decimal(str(value)) * _MICRO
    if not micro.is_finite() or micro != micro.to_integral_value():
        raise ValueError(f"cost {value!r} is no amount with at most 6 decimals")
    return int(micro)


def _moment(value: Any) -> datetime | None:
    if value in (None, ""):
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
