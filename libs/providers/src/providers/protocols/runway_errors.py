"""Runway's errors: `{"error", "issues"?, "docUrl"?}`, and `failure` with `failureCode` in a FAILED task.

Source: docs.dev.runwayml.com (HTTP errors, task failures, usage tiers). Traps: an account without credits is
a 400, and a used-up daily limit is a 429 that no wait of seconds helps. The last part of a SAFETY code is a
hint.
"""

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

UNPAID = "enough credits"
"""In the message of a 400: github.com/runwayml/sdk-node/issues/28."""
DAILY = "daily"
MODERATION = ("moderation", "content policy", "safety")


def refusal(
    response: HttpResponse,
) -> Failed | Throttled | OutOfQuota | Moderated | InvalidInput | BadCredentials | Unknown:
    """Why a submit was not accepted; Unknown where it may have been."""
    call = _call_level(response)
    if call is not None:
        return call
    said = _message(response)
    if response.status >= 500 or response.status < 400 or response.status == 408:
        return Unknown(f"HTTP {response.status}: {said}")
    if response.status not in {400, 413, 422}:
        return Failed(f"http_{response.status}", said)
    if any(word in said.lower() for word in MODERATION):
        return Moderated(said)
    return _about_input(said, _field(_issue(response)))


def call_fault(response: HttpResponse) -> Throttled | OutOfQuota | BadCredentials | Gone | Unknown:
    """Why a poll or cancel got no task."""
    if response.status == 404:
        return Gone(_message(response))
    return _call_level(response) or Unknown(f"HTTP {response.status}: {_message(response)}")


def job_fault(task: dict[str, Any]) -> Failed | Moderated | InvalidInput:
    """A FAILED task's reason: final, so never a word about the call."""
    code = reading.message(task.get("failureCode"))
    said = reading.message(task.get("failure"), "the task failed without a reason")
    if "SAFETY" in code.split("."):
        return Moderated(said)
    if code.startswith("ASSET."):
        return _about_input(said, None)
    return Failed(code or "failed", said)


def _about_input(said: str, field: str | None) -> InvalidInput:
    unreachable = reading.speaks_of_unreachable_input(said)
    return InvalidInput(said, field, "input_unreachable" if unreachable else "input_rejected")


def _call_level(response: HttpResponse) -> Throttled | OutOfQuota | BadCredentials | None:
    said = _message(response)
    if response.status == 402 or (response.status in {400, 403} and UNPAID in said.lower()):
        return OutOfQuota(said)
    if response.status == 429:
        return OutOfQuota(said) if DAILY in said.lower() else Throttled(reading.retry_after(response.headers))
    if response.status in {401, 403}:
        return BadCredentials(said)
    return None


def _message(response: HttpResponse) -> str:
    said = reading.message(
        reading.member(reading.json_object(response.body), "error"), reading.describe(response)
    )
    issue, field = _issue(response), _field(_issue(response))
    detail = reading.message(reading.member(issue, "message"))
    where = f"{field}: {detail}" if field else detail
    return reading.message(f"{said} ({where})") if where else said


def _issue(response: HttpResponse) -> object:
    issues = reading.member(reading.json_object(response.body), "issues")
    return issues[0] if isinstance(issues, list) and issues else None


def _field(issue: object) -> str | None:
    path = reading.member(issue, "path")
    parts = [str(each) for each in path if isinstance(each, str | int)] if isinstance(path, list) else []
    return reading.message(".".join(parts)) or None
