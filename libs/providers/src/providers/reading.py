"""Tolerant reading of provider bodies: whatever arrives becomes a value or None, never an exception."""

import math
import re
from base64 import b64decode
from collections.abc import Mapping
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

import orjson

from providers.http import HttpResponse

MESSAGE_LIMIT = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/~@+=-]{0,511}")
_UNREACHABLE = re.compile(
    r"download|fetch|unreachable|inaccessible|not accessible|timed? ?out", re.IGNORECASE
)


def json_value(body: bytes) -> Any:
    """The body as JSON; None if it is none."""
    try:
        return orjson.loads(body)
    except ValueError:
        return None


def json_object(body: bytes) -> dict[str, Any] | None:
    """The body as a JSON object, or None if it is anything else."""
    value = json_value(body)
    return value if isinstance(value, dict) else None


def member(value: object, *names: str) -> Any:
    """Walk down nested objects; None as soon as one is missing, null or no object."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text(value: object) -> str | None:
    """A non-empty string, or None."""
    return value if isinstance(value, str) and value else None


def message(value: object, otherwise: str = "") -> str:
    """A provider's message fit for storing: one line, no control characters, at most 500 characters."""
    found = text(value)
    return _CONTROL.sub(" ", found if found else otherwise).strip()[:MESSAGE_LIMIT]


def whole(value: object) -> int | None:
    """A non-negative integer, also from 24.0 or "24"; None for anything else."""
    number = exact(value)
    return int(number) if number is not None and number.denominator == 1 else None


def exact(value: object) -> Fraction | None:
    """A finite non-negative number as it was written, from a number or a short numeric string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    written = str(value)
    if not re.fullmatch(r"\d{1,15}(\.\d{1,15})?", written):
        return None
    return Fraction(written)


def seconds(value: object) -> Fraction | int | None:
    """Seconds: an integer where it is one, else the exact fraction."""
    number = exact(value)
    if number is None:
        return None
    return int(number) if number.denominator == 1 else number


def web_url(value: object) -> str | None:
    """An absolute http(s) URL, or None."""
    found = text(value)
    if found is None or _UNPRINTABLE.search(found) or origin(found) is None:
        return None
    return found


def identifier(value: object) -> str | None:
    """A provider's job id: up to 512 characters of those that ids are made of; None for anything else."""
    found = text(value)
    return found if found and _IDENTIFIER.fullmatch(found) and ".." not in found else None


def base64_bytes(value: object) -> bytes | None:
    """The bytes behind a non-empty base64 string, or None."""
    found = text(value)
    try:
        return (b64decode(found, validate=True) or None) if found else None
    except ValueError:
        return None


def origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an absolute http(s) URL; None if it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in {"http", "https"} or not parts.hostname:
        return None
    return scheme, parts.hostname.lower(), port if port is not None else {"http": 80, "https": 443}[scheme]


def retry_after(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds; a date is None, since adapters have no clock."""
    number = exact(headers.get("retry-after", "").strip())
    return float(number) if number is not None else None


def describe(response: HttpResponse) -> str:
    """A short reason for an answer that says nothing usable."""
    return f"HTTP {response.status} with {len(response.body)} unusable bytes"


def speaks_of_unreachable_input(words: str) -> bool:
    """Whether a provider's complaint is that it couldn't get an input file."""
    return _UNREACHABLE.search(words) is not None
