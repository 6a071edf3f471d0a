"""Luma's errors: `{"detail": text or [{loc, msg, type}]}`, and the text in `failure_reason` of what failed.

Source: docs.lumalabs.ai/docs/errors. Trap: an account without credits may be a 400 or a 402; which one isn't
documented, so the words decide.
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

UNPAID = ("insufficient credit", "not enough credit", "insufficient balance", "credit balance")
MODERATION = ("moderation", "blacklisted", "content policy")
UNREADABLE = "failed to read user input"


def refusal(
    response: HttpResponse,
) -> Failed | Throttled | OutOfQuota | Moderated | InvalidInput | BadCredentials | Unknown:
    """Why a submit was not accepted; Unknown where it may have been."""
    call = _call_level(response)
    if call is not None:
        return call
    said, field = _detail(response)
    if response.status >= 500 or response.status < 400 or response.status == 408:
        return Unknown(f"HTTP {response.status}: {said}")
    if _speaks(said, MODERATION):
        return Moderated(said)
    if response.status in {400, 413, 422}:
        return InvalidInput(said, field)
    return Failed(f"http_{response.status}", said)


def call_fault(response: HttpResponse) -> Throttled | OutOfQuota | BadCredentials | Gone | Unknown:
    """Why a poll got no generation."""
    said, _ = _detail(response)
    if response.status == 404:
        return Gone(said)
    return _call_level(response) or Unknown(f"HTTP {response.status}: {said}")


def job_fault(generation: dict[str, Any]) -> Failed | Moderated | InvalidInput:
    """A failed generation's reason: final, so never a word about the call."""
    said = reading.message(generation.get("failure_reason"), "the generation failed without a reason")
    if _speaks(said, MODERATION):
        return Moderated(said)
    if UNREADABLE in said.lower():
        return InvalidInput(said, None, "input_unreachable")
    return Failed("failed", said)


def _call_level(response: HttpResponse) -> Throttled | OutOfQuota | BadCredentials | None:
    said, _ = _detail(response)
    if response.status == 402 or (400 <= response.status < 500 and _speaks(said, UNPAID)):
        return OutOfQuota(said)
    if response.status == 429:
        return Throttled(reading.retry_after(response.headers))
    if response.status in {401, 403}:
        return BadCredentials(said)
    return None


def _detail(response: HttpResponse) -> tuple[str, str | None]:
    """The message, and the field at fault where there is one."""
    detail = reading.member(reading.json_object(response.body), "detail")
    if not isinstance(detail, list) or not detail:
        return reading.message(detail, reading.describe(response)), None
    place = reading.member(detail[0], "loc")
    parts = [str(each) for each in place if isinstance(each, str | int)] if isinstance(place, list) else []
    field = reading.message(".".join(each for each in parts if each != "body")) or None
    said = reading.message(reading.member(detail[0], "msg"), "invalid")
    return reading.message(f"{field}: {said}" if field else said), field


def _speaks(said: str, words: tuple[str, ...]) -> bool:
    return any(word in said.lower() for word in words)
