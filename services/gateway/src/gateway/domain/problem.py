"""What can be wrong with a request, as data: the surface decides how it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "insufficient_credits_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "invalid_request_error",
    409: "conflict_error",
    413: "request_too_large_error",
    416: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "unavailable_error",
}


@dataclass(frozen=True, slots=True)
class Detail:
    """One of several faults: where, a stable code, a sentence."""

    param: str
    code: str
    message: str


@dataclass(eq=False)
class Problem(Exception):
    """A request that can't be served. `code` is stable, `message` is for people, `param` is a path."""

    status: int
    code: str
    message: str
    param: str | None = None
    details: Sequence[Detail] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    amounts_micro: Mapping[str, int] = field(default_factory=dict)
    """Figures that belong to it, in micro-credits."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """What else the answer shows beside the error; JSON-able."""

    @property
    def type(self) -> str:
        """The family of errors."""
        return TYPES.get(self.status, "api_error" if self.status >= 500 else "invalid_request_error")


def overloaded(seconds: int = 1) -> Problem:
    """Too much to do right now; nothing was done. It may come back after so many seconds."""
    message = "Too many requests are waiting. Try again."
    return Problem(503, "overloaded", message, headers={"Retry-After": str(seconds)})


def unavailable() -> Problem:
    """Something of ours can't be reached; whether the request had an effect isn't known."""
    message = "The service can't be reached right now. Try again with the same Idempotency-Key."
    return Problem(503, "unavailable", message, headers={"Retry-After": "2"})
