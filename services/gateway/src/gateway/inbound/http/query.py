"""Reading query parameters: each one known, at most once, and of its kind. Faults are 422, all at once."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import TypeVar

from starlette.requests import Request

from gateway.domain.problem import Detail, Problem

T = TypeVar("T")

_OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 100


class Query:
    """The parameters of one request. Take what is known, then `finish`."""

    def __init__(self, request: Request) -> None:
        self._faults: list[Detail] = []
        self._left: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if name in self._left:
                self._fault(name, "duplicate", "is there twice")
            elif "\0" in name or "\0" in value:
                self._fault(name.replace("\0", ""), "invalid", "contains U+0000")
            else:
                self._left[name] = value

    def text(self, name: str) -> str | None:
        """A parameter as it came; None when it isn't there."""
        return self._left.pop(name, None)

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number in decimal digits."""
        text = self.text(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            self._fault(name, "out_of_range", f"must be a whole number from {least} to {most}")
            return default
        return int(text)

    def flag(self, name: str) -> bool | None:
        """`true` or `false`."""
        text = self.text(name)
        if text not in {None, "true", "false"}:
            self._fault(name, "invalid", "must be true or false")
        return None if text is None else text == "true"

    def time(self, name: str) -> datetime | None:
        """A time in ISO 8601; UTC unless it says otherwise."""
        text = self.text(name)
        if text is None:
            return None
        try:
            at = datetime.fromisoformat(text)
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            at = None
        if at is None or at < _OLDEST:
            self._fault(name, "invalid_time", "must be a time such as 2026-11-21T08:00:00Z")
            return None
        return at

    def choices(self, name: str, among: Collection[str]) -> list[str]:
        """Values separated by commas; none when it isn't there."""
        text = self.text(name)
        given = [] if text is None else [each.strip() for each in text.split(",")]
        if unknown := [each for each in given if each not in among]:
            told = ", ".join(among)
            self._fault(name, "invalid", f"{unknown[0][:_SHOWN]!r} is none of: {told}")
        return given

    def listed(self, name: str, most: int) -> list[str] | None:
        """At least one value, separated by commas; None when it isn't there."""
        text = self.text(name)
        if text is None:
            return None
        given = [each.strip() for each in text.split(",")]
        if not all(given) or len(given) > most:
            self._fault(name, "out_of_range", f"must be 1 to {most} values, separated by commas")
        return given

    def prefixed(self, prefix: str) -> dict[str, str]:
        """All parameters whose names begin so, under the rest of their names."""
        names = [name for name in self._left if name.startswith(prefix) and name != prefix]
        return {name.removeprefix(prefix): self._left.pop(name) for name in names}

    def check(self, name: str, value: str | None, read: Callable[[str], T | None], message: str) -> T | None:
        """What `read` makes of a value; a fault when it makes nothing of it."""
        found = None if value is None else read(value)
        if value is not None and found is None:
            self._fault(name, "invalid", message)
        return found

    def finish(self) -> None:
        """Raises Problem 422 with all faults; a parameter that nobody took is one."""
        for name in self._left:
            self._fault(name, "unknown_parameter", "is not a parameter of this request")
        if self._faults:
            first = self._faults[0]
            message = f"{first.param} {first.message}"
            raise Problem(422, first.code, message, param=first.param, details=tuple(self._faults))

    def _fault(self, name: str, code: str, message: str) -> None:
        self._faults.append(Detail(name[:_SHOWN], code, message))
