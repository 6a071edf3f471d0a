"""DashScope's errors: top-level `{"code", "message", "request_id"}`, and the same codes in a FAILED task.

Source: help.aliyun.com, error code table. Traps: 400 Arrearage is an unpaid bill, 429 mixes throttling with
unpaid bills, and a poll's HTTP error says nothing about the task.
"""

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

UNPAID = {
    "Arrearage",
    "PrepaidBillOverdue",
    "PostpaidBillOverdue",
    "CommodityNotPurchased",
    "AccessDenied.Unpurchased",
    "AllocationQuota.FreeTierOnly",
}
OVERLOADED = ("Throttling", "LimitRequests", "ModelUnavailable")
MODERATED = ("DataInspectionFailed", "IPInfringementSuspect")
INVALID = ("InvalidParameter", "InvalidURL")
DOWNLOAD_FAULT = "InvalidURL"


@dataclass(frozen=True, slots=True)
class DashScopeError:
    """DashScope's code and message; `code` is empty when the body has none."""

    code: str
    message: str


def read(response: HttpResponse) -> DashScopeError:
    """The error of a response, whatever its body is."""
    return _error(reading.json_object(response.body), reading.describe(response))


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
    bad_request = response.status in {400, 413, 422} and error.code != "UnsupportedOperation"
    return _about_the_input(error, bad_request) or Failed(
        error.code or f"http_{response.status}", error.message
    )


def call_fault(response: HttpResponse) -> Throttled | OutOfQuota | BadCredentials | Gone | Unknown:
    """Why a poll or cancel got no task."""
    error = read(response)
    return _call_level(response, error) or Unknown(f"HTTP {response.status} {error.code}: {error.message}")


def job_fault(output: object) -> Failed | Moderated | InvalidInput:
    """A FAILED task's code: final, so never a word about the call."""
    error = _error(output, "the task failed without a reason")
    return _about_the_input(error, bad_request=False) or Failed(error.code or "failed", error.message)


def _error(value: object, otherwise: str) -> DashScopeError:
    code = reading.message(reading.member(value, "code"))
    return DashScopeError(code, reading.message(reading.member(value, "message"), otherwise))


def _call_level(
    response: HttpResponse, error: DashScopeError
) -> Throttled | OutOfQuota | BadCredentials | None:
    if error.code in UNPAID:
        return OutOfQuota(error.message)
    if response.status == 429 or error.code.startswith(OVERLOADED):
        return Throttled(reading.retry_after(response.headers))
    if response.status in {401, 403}:
        return BadCredentials(error.message)
    return None


def _about_the_input(error: DashScopeError, bad_request: bool) -> Moderated | InvalidInput | None:
    if error.code.startswith(MODERATED):
        return Moderated(error.message)
    if bad_request or error.code.startswith(INVALID):
        unreachable = error.code.startswith(DOWNLOAD_FAULT) or reading.speaks_of_unreachable_input(
            error.message
        )
        return InvalidInput(error.message, None, "input_unreachable" if unreachable else "input_rejected")
    return None
