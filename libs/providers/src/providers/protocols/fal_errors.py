"""fal's errors: a model's own as a list of details with types, the platform's with an `error_type`.

Source: fal.ai/docs (model errors, request errors). Traps: 403 is also an account without balance ("User is
locked"), and the result of a failed job is an HTTP error that is about the job, not about the call.
"""

from dataclasses import dataclass

from providers import reading
from providers.http import HttpResponse
from providers.outcomes import (
    BadCredentials,
    Cancelled,
    Failed,
    Gone,
    InvalidInput,
    Moderated,
    OutOfQuota,
    Throttled,
    Unknown,
)

CANCELLED = {"client_cancelled", "client_canceled"}
MODERATED = {"content_policy_violation", "nsfw_content_detected"}
UNREACHABLE = {"file_download_error", "image_load_error", "archive_download_error"}
MODELS_FAULT = {
    "internal_server_error", "generation_timeout", "downstream_service_error",
    "downstream_service_unavailable", "no_media_generated", "runner_error",
}  # fmt: skip
_OF_A_RUN = ("runner_", "request_timeout", "startup_timeout")
"""Platform errors that only a run can end with; others may be the API's own."""
_LOCKED = ("locked", "balance", "top up", "billing")
_MAY_RUN = {408, 409, 499}

CallFault = Throttled | OutOfQuota | BadCredentials | Gone | Unknown


@dataclass(frozen=True, slots=True)
class FalError:
    """What an error says; `kind` is a detail's type or the platform's, `param` the field at fault."""

    kind: str
    message: str
    param: str | None
    listed: bool
    """It is a model's own list of details."""


def read(response: HttpResponse) -> FalError:
    """The error of a response, whatever its body is."""
    body = reading.json_object(response.body)
    detail = reading.member(body, "detail")
    platform = reading.text(reading.member(body, "error_type")) or response.headers.get(
        "x-fal-error-type", ""
    )
    first = detail[0] if isinstance(detail, list) and detail else None
    if isinstance(first, dict):
        place = first.get("loc")
        last = place[-1] if isinstance(place, list) and place else None
        words = reading.message(first.get("msg"), "the model refused the request")
        param = last if isinstance(last, str) and last != "body" else None
        return FalError(reading.message(first.get("type")) or platform, words, param, listed=True)
    words = reading.member(body, "error") if detail is None else detail
    if words is None:
        words = reading.member(body, "status")
    return FalError(
        reading.message(platform), reading.message(words, reading.describe(response)), None, False
    )


def refusal(
    response: HttpResponse,
) -> Failed | Throttled | OutOfQuota | Moderated | InvalidInput | BadCredentials | Unknown:
    """Why a submit was not accepted; Unknown where it may have been."""
    error = read(response)
    call = _call_level(response, error)
    if call is not None:
        return call
    if not 400 <= response.status < 500 or response.status in _MAY_RUN:
        return Unknown(f"HTTP {response.status} {error.kind}: {error.message}")
    about = _about_the_input(error)
    if about is not None:
        return about
    if response.status in {400, 413, 422} and error.kind not in MODELS_FAULT:
        return InvalidInput(error.message, error.param)
    return Failed(error.kind or f"http_{response.status}", error.message)


def call_fault(response: HttpResponse) -> CallFault:
    """Why a status or a cancel got no answer."""
    error = read(response)
    call = _call_level(response, error)
    if call is not None:
        return call
    if response.status == 404:
        return Gone(error.message)
    return Unknown(f"HTTP {response.status} {error.kind}: {error.message}")


def job_fault(
    response: HttpResponse, kind: str | None
) -> Failed | Moderated | InvalidInput | Cancelled | CallFault:
    """What the result of a COMPLETED job says went wrong; `kind` is what its status said, if it did.

    Where the status said nothing, an error that isn't of a run is a fault of the call.
    """
    error = read(response)
    if error.kind in CANCELLED:
        return Cancelled()
    if not error.listed and not (kind or error.kind.startswith(_OF_A_RUN)):
        return call_fault(response)
    about = _about_the_input(error)
    if about is not None:
        return about
    if error.listed and error.kind not in MODELS_FAULT and response.status < 500:
        return InvalidInput(error.message, error.param)
    if response.status in {401, 403, 429}:
        return call_fault(response)
    return Failed(error.kind or kind or "error", error.message)


def _call_level(response: HttpResponse, error: FalError) -> Throttled | OutOfQuota | BadCredentials | None:
    refused = response.status in {402, 403, 429}
    if response.status == 402 or (refused and any(word in error.message.lower() for word in _LOCKED)):
        return OutOfQuota(error.message)
    if response.status in {425, 429}:
        return Throttled(reading.retry_after(response.headers))
    return BadCredentials(error.message) if response.status in {401, 403} else None


def _about_the_input(error: FalError) -> Moderated | InvalidInput | None:
    if error.kind in MODERATED:
        return Moderated(error.message)
    if error.kind in UNREACHABLE:
        return InvalidInput(error.message, error.param, "input_unreachable")
    return None
