"""Ark's errors: `{"error": {code, message, param, type}}`. Source: volcengine.com/docs/82379/1299023."""

from dataclasses import dataclass

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

UNPAID = ("AccountOverdue", "QuotaExceeded", "SetLimitExceeded")
OVERLOADED = ("RateLimitExceeded", "ServerOverloaded", "RequestBurstTooFast", "InflightBatchsizeExceeded")
SENSITIVE = "SensitiveContentDetected"
INVALID = ("InvalidParameter", "MissingParameter")


@dataclass(frozen=True, slots=True)
class ArkError:
    """Ark's error object; `code` is empty when the body has none."""

    code: str
    message: str
    param: str | None


def read(response: HttpResponse) -> ArkError:
    """The error of a response, whatever its body is."""
    return _error(reading.member(reading.json_object(response.body), "error"), reading.describe(response))


def refusal(
    response: HttpResponse,
) -> Failed | Throttled | OutOfQuota | Moderated | InvalidInput | BadCredentials | Unknown:
    """Why a submit was not accepted; Unknown where it may have been."""
    error = read(response)
    call = _call_level(response, error)
    if call is not None:
        return call
    if response.status >= 500 or response.status < 400 or response.status == 408:
        return Unknown(f"HTTP {response.status} {error.code}: {error.message}")
    return _about_the_input(error, response.status in {400, 413, 422}) or Failed(
        error.code or f"http_{response.status}", error.message
    )


def call_fault(response: HttpResponse) -> Throttled | OutOfQuota | BadCredentials | Gone | Unknown:
    """Why a poll or cancel got no task. Only an error object in Ark's own shape can say that it is gone."""
    error = read(response)
    call = _call_level(response, error)
    if call is not None:
        return call
    if response.status == 404 and error.code:
        return Gone(error.message)
    return Unknown(f"HTTP {response.status} {error.code}: {error.message}")


def job_fault(value: object) -> Failed | Moderated | InvalidInput:
    """The `error` of a failed task: final, so never a word about the call."""
    error = _error(value, "the task failed without a reason")
    return _about_the_input(error, bad_request=False) or Failed(error.code or "failed", error.message)


def _error(value: object, otherwise: str) -> ArkError:
    code = reading.message(reading.member(value, "code"))
    param = reading.message(reading.member(value, "param")) or None
    return ArkError(code, reading.message(reading.member(value, "message"), otherwise), param)


def _call_level(response: HttpResponse, error: ArkError) -> Throttled | OutOfQuota | BadCredentials | None:
    if error.code.startswith(UNPAID):
        return OutOfQuota(error.message)
    if response.status == 429 or any(each in error.code for each in OVERLOADED):
        return Throttled(reading.retry_after(response.headers))
    if response.status in {401, 403}:
        return BadCredentials(error.message)
    return None


def _about_the_input(error: ArkError, bad_request: bool) -> Moderated | InvalidInput | None:
    if SENSITIVE in error.code:
        return Moderated(error.message)
    if bad_request or error.code.startswith(INVALID):
        unreachable = reading.speaks_of_unreachable_input(error.message)
        return InvalidInput(
            error.message, error.param, "input_unreachable" if unreachable else "input_rejected"
        )
    return None
