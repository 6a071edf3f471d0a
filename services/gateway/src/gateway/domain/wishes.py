"""What any request may bring along: metadata, an address for its webhook, a deadline."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gateway.domain.problem import Detail

MOST_PAIRS, MOST_NAME, MOST_VALUE, MOST_URL = 16, 64, 512, 2048


class Absent:
    """The type of ABSENT."""


ABSENT = Absent()
"""What a request didn't say; null is something that it did say."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One generation as a surface understood it, nothing checked yet."""

    model: Any
    input: Any
    metadata: Any = None
    webhook_url: Any = None
    deadline_seconds: Any = None


def faults(wish: Wish, least_seconds: int, most_seconds: int) -> list[Detail]:
    """What is wrong with a wish beside its model and input; None stands for what wasn't given."""
    found = list(_metadata_faults(wish.metadata))
    if wish.webhook_url is not None and (why := _url_fault(wish.webhook_url)):
        found.append(Detail("webhook_url", "invalid_url", why))
    if wish.deadline_seconds is not None and not _is_whole(
        wish.deadline_seconds, least_seconds, most_seconds
    ):
        message = f"must be a whole number from {least_seconds} to {most_seconds}"
        found.append(Detail("deadline_seconds", "out_of_range", message))
    return found


def _metadata_faults(value: Any) -> Iterator[Detail]:
    if value is None:
        return
    if not isinstance(value, dict):
        yield Detail("metadata", "type", "must be an object of texts")
        return
    if len(value) > MOST_PAIRS:
        yield Detail("metadata", "too_many", f"may have {MOST_PAIRS} entries")
    for name, text in value.items():
        shown = f"metadata.{name[:MOST_NAME]}"
        if not 1 <= len(name) <= MOST_NAME or not name.isprintable():
            yield Detail(shown, "invalid_name", f"must be named with 1 to {MOST_NAME} printable characters")
        if not isinstance(text, str):
            yield Detail(shown, "type", "must be a text")
        elif len(text) > MOST_VALUE or "\0" in text:
            yield Detail(shown, "too_long", f"may have {MOST_VALUE} characters, and none of them U+0000")


def _url_fault(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > MOST_URL:
        return f"must be a URL of at most {MOST_URL} characters"
    if not value.isascii() or not value.isprintable() or " " in value:
        return "must be a URL in ASCII, without blanks"
    try:
        parts = urlsplit(value)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named:
        return "must be an http or https URL with a host"
    if parts.username is not None or parts.password is not None:
        return "must not carry a user name or password"
    return None


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
