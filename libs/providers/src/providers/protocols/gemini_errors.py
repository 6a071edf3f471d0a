"""Google's errors: `{"error": {code, message, status, details[]}}`, and `error` in a finished operation.

Source: ai.google.dev/gemini-api/docs/troubleshooting. Traps: a bad key is 400 INVALID_ARGUMENT with reason
API_KEY_INVALID, and 429 RESOURCE_EXHAUSTED is both rate and quota. The Interactions API has no `status` but
a lower-case string as `code`; Google's front end wraps an error in a list.
"""

import re
from dataclasses import dataclass
from typing import Any

from providers import reading
from providers.http import HttpResponse
from providers.outcomes import (
    BadCredentials,
    Failed,
    Gone,
    InvalidInput,
    Moderated,
    OutOfQuota,
    Throttled,
    Unknown,
)

INVALID_ARGUMENT = 3
UNKNOWN_INTERACTION = "Invalid interaction name"
"""How the Interactions API says that it doesn't know an id; no other 400 does."""
BLOCKED = ("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "IMAGE_SAFETY")
_LONG_QUOTA = re.compile(r"per_?(day|month)", re.IGNORECASE)
_UNPAID = re.compile(r"billing|prepay|credits? (are|is) depleted|spend", re.IGNORECASE)
_POLICY = re.compile(
    r"usage guidelines|content polic|safety (filter|setting|polic)|violat|prohibited use|responsible ai"
    r"|blocked[^.]*(safety|polic)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class GoogleError:
    """Google's error; `status` is empty and `details` too when the body has none."""

    status: str
    message: str
    details: tuple[dict[str, Any], ...]


def read(response: HttpResponse) -> GoogleError:
    """The error of a response, whatever its body is."""
    body = reading.json_value(response.body)
    body = body[0] if isinstance(body, list) and body else body
    return _error(reading.member(body, "error"), reading.describe(response))


def refusal(
    response: HttpResponse,
) -> Failed | Throttled | OutOfQuota | Moderated | InvalidInput | BadCredentials | Unknown:
    """Why a submit was not accepted; Unknown where it may have been."""
    error = read(response)
    call = _call_level(response, error)
    if call is not None:
        return call
    if response.status == 503 and "overloaded" in error.message.lower():
        return Throttled(reading.retry_after(response.headers))
    if response.status >= 500 or response.status < 400 or response.status == 408:
        return Unknown(f"HTTP {response.status} {error.status}: {error.message}")
    if error.status in BLOCKED:
        return Moderated(error.message)
    if response.status in {400, 413, 422}:
        return _about_the_input(error.message)
    return Failed(error.status or f"http_{response.status}", error.message)


def call_fault(response: HttpResponse) -> Throttled | OutOfQuota | BadCredentials | Gone | Unknown:
    """Why a poll got no operation. Only Google's own NOT_FOUND can say that it is gone."""
    error = read(response)
    call = _call_level(response, error)
    if call is not None:
        return call
    if response.status == 404 and error.status == "NOT_FOUND":
        return Gone(error.message)
    if response.status == 400 and error.message.startswith(UNKNOWN_INTERACTION):
        return Gone(error.message)
    return Unknown(f"HTTP {response.status} {error.status}: {error.message}")


def job_fault(value: object) -> Failed | Moderated | InvalidInput:
    """The `error` of a finished operation (`code` is a gRPC code): final, never a word about the call."""
    error = _error(value, "the operation failed without a reason")
    code = reading.whole(reading.member(value, "code"))
    if error.status in BLOCKED:
        return Moderated(error.message)
    if code == INVALID_ARGUMENT or _POLICY.search(error.message):
        return _about_the_input(error.message)
    return Failed(error.status or (f"grpc_{code}" if code is not None else "failed"), error.message)


def _error(value: object, otherwise: str) -> GoogleError:
    details = reading.member(value, "details")
    code = reading.text(reading.member(value, "code"))
    return GoogleError(
        reading.message(reading.member(value, "status"), code or "").upper(),
        reading.message(reading.member(value, "message"), otherwise),
        tuple(each for each in details if isinstance(each, dict)) if isinstance(details, list) else (),
    )


def _call_level(response: HttpResponse, error: GoogleError) -> Throttled | OutOfQuota | BadCredentials | None:
    if response.status == 429:
        return _exhausted(response, error)
    reasons = [reading.text(each.get("reason")) or "" for each in error.details]
    if response.status in {401, 403} or any(each.startswith("API_KEY_") for each in reasons):
        return BadCredentials(error.message)
    if response.status == 400 and error.status == "FAILED_PRECONDITION":
        return OutOfQuota(error.message)
    return None


def _exhausted(response: HttpResponse, error: GoogleError) -> Throttled | OutOfQuota:
    """A quota that lasts for a day or longer, or an unpaid bill, is no throttling."""
    quotas = [name for detail in error.details for name in _quota_names(detail)]
    if any(_LONG_QUOTA.search(each) for each in quotas):
        return OutOfQuota(error.message)
    delays = [delay for each in error.details if (delay := _delay(each)) is not None]
    if not quotas and not delays and _UNPAID.search(error.message):
        return OutOfQuota(error.message)
    return Throttled(max(delays) if delays else reading.retry_after(response.headers))


def _quota_names(detail: dict[str, Any]) -> list[str]:
    violations = detail.get("violations")
    if not isinstance(violations, list):
        return []
    return [name for each in violations if (name := reading.text(reading.member(each, "quotaId")))]


def _delay(detail: dict[str, Any]) -> float | None:
    """RetryInfo.retryDelay is a duration such as "22s"."""
    written = reading.text(detail.get("retryDelay"))
    number = reading.exact(written.removesuffix("s")) if written else None
    return float(number) if number is not None else None


def _about_the_input(message: str) -> Moderated | InvalidInput:
    return Moderated(message) if _POLICY.search(message) else InvalidInput(message)
