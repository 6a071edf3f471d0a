"""What customers ask of their webhooks, read from JSON: strict, with the field at fault. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from callbacks.domain.news import EVENT_TYPES

MAX_URL, MAX_DESCRIPTION = 2048, 500
PAGE, MAX_PAGE = 50, 200


class InvalidRequest(Exception):
    """A request with a fault: its stable code, a sentence that says what to do, the field."""

    def __init__(self, code: str, message: str, param: str | None) -> None:
        super().__init__(message)
        self.code, self.message, self.param = code, message, param


@dataclass(frozen=True, slots=True)
class EndpointWish:
    """What an endpoint shall be; None: not said."""

    url: str | None = None
    description: str | None = None
    events: tuple[str, ...] | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What part of the delivery log is wanted; None: any."""

    limit: int
    state: str | None
    type: str | None
    endpoint: str | None
    task: str | None
    cursor: str | None
    after: datetime | None
    before: datetime | None


@dataclass(frozen=True, slots=True)
class Range:
    """Deliveries that began between two times; `everything`: also those that were delivered."""

    since: datetime
    until: datetime | None
    everything: bool


def endpoint_wish(body: Any, *, new: bool) -> EndpointWish:
    """Read the body of a create (which needs a URL) or a change. Raises InvalidRequest."""
    known = ("url", "description", "events") if new else ("url", "description", "events", "enabled")
    given = _object(body, known)
    if new and "url" not in given:
        raise InvalidRequest("missing_field", "Say where to send the events: `url`.", "url")
    return EndpointWish(
        url=_url(given["url"]) if "url" in given else None,
        description=_description(given["description"]) if "description" in given else None,
        events=event_filter(given["events"]) if "events" in given else None,
        enabled=_boolean(given["enabled"], "enabled") if "enabled" in given else None,
    )


def event_filter(value: Any) -> tuple[str, ...]:
    """Event types; an empty list means all."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidRequest("invalid_events", "`events` is a list of event types; empty: all.", "events")
    for each in value:
        if each not in EVENT_TYPES:
            message = f"There is no event type {each[:50]!r}; there are {', '.join(EVENT_TYPES)}."
            raise InvalidRequest("unknown_event", message, "events")
    return tuple(dict.fromkeys(value))


def overlap_seconds(body: Any, usual: float) -> float:
    """How long the previous secret stays valid: `overlap_hours`, 0 to 168."""
    given = _object(body, ("overlap_hours",)).get("overlap_hours")
    if given is None:
        return usual
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 168:
        raise InvalidRequest("invalid_overlap", "`overlap_hours` is a number from 0 to 168.", "overlap_hours")
    return float(given) * 3600


def page(query: Mapping[str, str]) -> Page:
    """Read the query of the delivery log. Raises InvalidRequest."""
    limit = query.get("limit", str(PAGE))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MAX_PAGE):
        raise InvalidRequest("invalid_limit", f"`limit` is a number from 1 to {MAX_PAGE}.", "limit")
    state = query.get("status")
    if state is not None and state not in {"pending", "delivered", "given_up"}:
        raise InvalidRequest("invalid_status", "`status` is pending, delivered or given_up.", "status")
    return Page(
        limit=int(limit),
        state=state,
        type=query.get("type"),
        endpoint=query.get("endpoint_id"),
        task=query.get("task_id"),
        cursor=query.get("cursor"),
        after=_optional_time(query.get("created_after"), "created_after"),
        before=_optional_time(query.get("created_before"), "created_before"),
    )


def time_range(body: Any) -> Range:
    """Read `{since, until?, status?}` of a redelivery. Raises InvalidRequest."""
    given = _object(body, ("since", "until", "status"))
    since = _optional_time(given.get("since"), "since")
    if since is None:
        raise InvalidRequest("missing_field", "Say from when on to deliver again: `since`.", "since")
    status = given.get("status", "given_up")
    if status not in ("given_up", "all"):
        raise InvalidRequest("invalid_status", "`status` is given_up or all.", "status")
    return Range(since, _optional_time(given.get("until"), "until"), status == "all")


def _object(body: Any, known: tuple[str, ...]) -> Mapping[str, Any]:
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise InvalidRequest("invalid_json", "The body must be a JSON object.", None)
    for name in body:
        if name not in known:
            message = f"There is no field {name[:50]!r}; there are {', '.join(known)}."
            raise InvalidRequest("unknown_field", message, name[:50])
    return body


def _url(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_URL:
        raise InvalidRequest("invalid_url", f"`url` is a text of at most {MAX_URL} characters.", "url")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise InvalidRequest("invalid_url", "`url` must be a URL in ASCII, without blanks.", "url")
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise InvalidRequest("invalid_url", "`url` must be an http or https URL with a host.", "url")
    return value


def _description(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_DESCRIPTION or "\0" in value:
        message = f"`description` is a text of at most {MAX_DESCRIPTION} characters, none of them U+0000."
        raise InvalidRequest("invalid_description", message, "description")
    return value


def _boolean(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest(f"invalid_{name}", f"`{name}` is true or false.", name)
    return value


def _optional_time(value: Any, name: str) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None or not 2000 <= at.year <= 9000:
            raise ValueError
    except (TypeError, ValueError):
        message = f"`{name}` is a time with its zone, such as 2026-11-21T08:00:00Z."
        raise InvalidRequest("invalid_time", message, name) from None
    return at
