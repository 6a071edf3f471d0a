"""Refusals in the shape of the v1 surface: `{"error": {type, code, message, param, request_id}}`."""

from http import HTTPStatus

import orjson
import structlog
from contracts.ids import to_text, uuid7
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from callbacks.domain import refusals

log = structlog.get_logger()

RETRY_AFTER_SECONDS = 2
_JSON = "application/json"
_CLOSE = {"Connection": "close"}  # the rest of the body is not read
_AGAIN = {"Retry-After": str(RETRY_AFTER_SECONDS)}

_ANSWERS: dict[str, tuple[int, dict[str, str]]] = {
    refusals.UnknownProvider.code: (404, {}),
    refusals.InvalidToken.code: (401, {}),
    refusals.InvalidSignature.code: (401, {}),
    refusals.BodyTooLarge.code: (413, _CLOSE),
    refusals.BodyTooSlow.code: (408, _CLOSE),
    refusals.Busy.code: (503, _AGAIN),
}
_TYPES = {401: "authentication_error", 404: "not_found_error", 503: "overloaded_error"}
_FRAMEWORK_CODES = {404: "not_found", 405: "method_not_allowed"}


def refused(refusal: refusals.Refused) -> Response:
    """The answer to a refusal."""
    status, headers = _ANSWERS[refusal.code]
    return _answer(status, refusal.code, refusal.message, headers)


def unavailable() -> Response:
    """The answer when the webhook could not be written: the provider sends it again."""
    return _answer(503, "unavailable", "the webhook could not be stored, send it again", _AGAIN)


def framework_error(_: Request, error: Exception) -> Response:
    """The framework's own answers: unknown routes and methods."""
    assert isinstance(error, HTTPException)
    code = _FRAMEWORK_CODES.get(error.status_code, "invalid_request")
    return _answer(error.status_code, code, error.detail, dict(error.headers or {}))


def unexpected(_: Request, error: Exception) -> Response:
    """The answer to a bug of ours."""
    log.error("request_failed", error=type(error).__name__)
    return _answer(500, "internal_error", HTTPStatus(500).phrase, {})


def _answer(status: int, code: str, message: str, headers: dict[str, str]) -> Response:
    request_id = to_text("req_", uuid7())
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    body = {"type": kind, "code": code, "message": message, "param": None, "request_id": request_id}
    return Response(
        orjson.dumps({"error": body}), status, {**headers, "X-Request-Id": request_id}, media_type=_JSON
    )
