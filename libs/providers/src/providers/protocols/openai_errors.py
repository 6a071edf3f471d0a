"""Errors of OpenAI's APIs, and of the gateways that serve the same paths.

OpenAI: `{"error": {message, type, param, code}}` (openai 3.52, `_exceptions.py`; platform.openai.com, error
codes). new-api and its kin answer `{"code", "message"}` at the top level, litellm puts the HTTP status into
`code`, some answer `{"error": "words"}`. Traps: 429 is a rate limit or an unpaid bill by its code; moderation
is a 400 whose type says "user error".
"""

import re
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

UNPAID = frozenset({
    "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "project_spend_limit_exceeded",
    "organization_spend_limit_exceeded", "budget_exceeded", "insufficient_user_quota",
    "pre_consume_token_quota_failed", "insufficient_credits", "insufficient_balance",
})  # fmt: skip
"""The last five are those of litellm, new-api and gateways like them."""
MODERATED = frozenset({
    "moderation_blocked", "content_policy_violation", "content_filter", "content_moderation_failed",
    "responsible_ai_policy_violation", "sensitive_words_detected", "input_moderation", "output_moderation",
    "safety_violation",
})  # fmt: skip
INVALID = frozenset({"invalid_request_error", "invalid_value", "image_generation_user_error", "bad_request"})
UNDECIDED = frozenset({408, 409, 425})
"""4xx that don't say that nothing runs: a timeout, a conflict with a request that may be ours, too early."""
ABSENT = frozenset({"task_not_exist", "task_not_found", "video_not_found", "not_found", "invalid_video_id"})
_OVERLOADED = re.compile(r"overload|slow.?down|at capacity", re.IGNORECASE)
_POLICY = re.compile(
    r"content polic|moderation|safety system|usage polic|sensitive (content|words)|violat", re.IGNORECASE
)

Refusal = Failed | Throttled | OutOfQuota | Moderated | InvalidInput | BadCredentials | Unknown


@dataclass(frozen=True, slots=True)
class OpenAIError:
    """An error in any of the shapes; `code` and `type` are empty where there are none."""

    code: str
    type: str
    message: str
    param: str | None

    @property
    def names(self) -> frozenset[str]:
        """Code and type, in lower case."""
        return frozenset({self.code.lower(), self.type.lower()})


def read(response: HttpResponse) -> OpenAIError:
    """The error of a response, whatever its body is."""
    body = reading.json_object(response.body)
    value = reading.member(body, "error")
    return error_of(value if value else body, reading.describe(response))


def error_of(value: object, otherwise: str) -> OpenAIError:
    """An error object, or bare words; a code that is only the HTTP status is none."""
    if isinstance(value, str):
        return OpenAIError("", "", reading.message(value, otherwise), None)
    code = reading.message(reading.member(value, "code"))
    return OpenAIError(
        "" if code.isdigit() else code,
        reading.message(reading.member(value, "type")),
        reading.message(reading.member(value, "message"), otherwise),
        reading.message(reading.member(value, "param")) or None,
    )


def refusal(response: HttpResponse) -> Refusal:
    """Why a submit was not accepted; Unknown where it may have been."""
    error, status = read(response), response.status
    call = _call_level(response, error)
    if call is not None:
        return call
    if status == 503 and _OVERLOADED.search(f"{error.code} {error.message}"):
        return Throttled(wait_seconds(response))
    if status >= 500 or status < 400 or status in UNDECIDED:
        return Unknown(f"HTTP {status} {error.code}: {error.message}")
    return _about_the_input(error, status in {400, 413, 415, 422}) or Failed(
        error.code or f"http_{status}", error.message
    )


def call_fault(response: HttpResponse) -> Throttled | OutOfQuota | BadCredentials | Gone | Unknown:
    """Why a poll got no job. Only an error in one of the known shapes can say that it is gone."""
    error = read(response)
    call = _call_level(response, error)
    if call is not None:
        return call
    worded = bool(error.code or error.type)
    if (response.status == 404 and worded) or (response.status == 400 and error.names & ABSENT):
        return Gone(error.message)
    return Unknown(f"HTTP {response.status} {error.code}: {error.message}")


def job_fault(value: object) -> Failed | Moderated | InvalidInput:
    """The `error` of a failed job, or of an answer that is an error with status 200: final."""
    error = error_of(value, "the job failed without a reason")
    return _about_the_input(error, bad_request=False) or Failed(
        error.code or error.type or "failed", error.message
    )


def wait_seconds(response: HttpResponse) -> float | None:
    """`retry-after-ms`, which the SDK prefers, or `retry-after`."""
    exact = reading.exact(response.headers.get("retry-after-ms", "").strip())
    return float(exact / 1000) if exact is not None else reading.retry_after(response.headers)


def _call_level(response: HttpResponse, error: OpenAIError) -> Throttled | OutOfQuota | BadCredentials | None:
    if response.status < 400:
        return None
    if error.names & UNPAID or response.status == 402:
        return OutOfQuota(error.message)
    if response.status == 429:
        return Throttled(wait_seconds(response))
    if response.status == 401 or (response.status == 403 and not error.names & MODERATED):
        return BadCredentials(error.message)
    return None


def _about_the_input(error: OpenAIError, bad_request: bool) -> Moderated | InvalidInput | None:
    if error.names & MODERATED:
        return Moderated(error.message)
    if bad_request or error.names & INVALID:
        if _POLICY.search(error.message) and error.param is None:
            return Moderated(error.message)
        unreachable = reading.speaks_of_unreachable_input(error.message)
        return InvalidInput(
            error.message, error.param, "input_unreachable" if unreachable else "input_rejected"
        )
    return None
