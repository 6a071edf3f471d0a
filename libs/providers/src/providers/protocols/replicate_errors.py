"""Replicate's errors: problem documents of the API, and the one sentence of a failed prediction.

Source: replicate.com/docs (HTTP API, error codes). Traps: moderation is a failed prediction whose error says
"flagged as sensitive … (E005)"; a 422 is the input's fault or an unknown version; the wait of a 429 may be in
its words only.
"""

import re

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

_MAY_RUN = {408, 409, 499}
_MODERATED = re.compile(
    r"flagged as sensitive|\bE005\b|\bnsfw\b|content policy|safety (?:filter|checker)", re.I
)
_UNREACHABLE = re.compile(
    r"^(?!.*weights).*(?:download|fetch|open|reach)\b.*\b(?:url|https?:|image|video|audio)", re.I
)
_CODE = re.compile(r"\(code: (\w+)\)|\((E\d{3,5})\)")
_WAIT = re.compile(r"available in (\d+(?:\.\d+)?) second")


def refusal(
    response: HttpResponse,
) -> Failed | Throttled | OutOfQuota | Moderated | InvalidInput | BadCredentials | Unknown:
    """Why a submit was not accepted; Unknown where it may have been."""
    body = reading.json_object(response.body)
    words = _words(body, response)
    call = _call_level(response, words)
    if call is not None:
        return call
    if not 400 <= response.status < 500 or response.status in _MAY_RUN:
        return Unknown(f"HTTP {response.status}: {words}")
    if _MODERATED.search(words):
        return Moderated(words)
    title = reading.message(reading.member(body, "title")).lower()
    if response.status in {400, 413, 422} and "version" not in title:
        return InvalidInput(words, _field(body))
    return Failed(f"http_{response.status}", words)


def call_fault(response: HttpResponse) -> Throttled | OutOfQuota | BadCredentials | Gone | Unknown:
    """Why a poll or a cancel got no prediction."""
    words = _words(reading.json_object(response.body), response)
    call = _call_level(response, words)
    if call is not None:
        return call
    return Gone(words) if response.status == 404 else Unknown(f"HTTP {response.status}: {words}")


def job_fault(error: object) -> Failed | Moderated | InvalidInput:
    """What a failed prediction's `error` says: final, so never a word about the call."""
    words = reading.message(error, "the prediction failed without a reason")
    if _MODERATED.search(words):
        return Moderated(words)
    if _UNREACHABLE.search(words):
        return InvalidInput(words, None, "input_unreachable")
    code = _CODE.search(words)
    return Failed(code[1] or code[2] if code else "failed", words)


def _words(body: object, response: HttpResponse) -> str:
    detail = reading.text(reading.member(body, "detail")) or reading.member(body, "title")
    return reading.message(detail, reading.describe(response))


def _call_level(response: HttpResponse, words: str) -> Throttled | OutOfQuota | BadCredentials | None:
    if response.status == 402:
        return OutOfQuota(words)
    if response.status in {425, 429}:
        return Throttled(_wait(response, words))
    return BadCredentials(words) if response.status in {401, 403} else None


def _wait(response: HttpResponse, words: str) -> float | None:
    named = _WAIT.search(words)
    told = reading.retry_after(response.headers)
    return told if told is not None or named is None else float(named[1])


def _field(body: object) -> str | None:
    """`invalid_fields[0].field`, as "input.prompt": the input's own name of it."""
    listed = reading.member(body, "invalid_fields")
    first = listed[0] if isinstance(listed, list) and listed else None
    name = reading.text(reading.member(first, "field"))
    return name.removeprefix("input.") if name else None
