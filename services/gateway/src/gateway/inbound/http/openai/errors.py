"""Errors in OpenAI's shape: `{"error": {message, type, param, code}}`, with the statuses that its SDKs know.

What v1 answers with 402 is 429 `insufficient_quota` here and 422 is 400 (openai 3.52.0: `RateLimitError`,
`BadRequestError`); `x-should-retry: false` where another try can't help.
"""

import orjson
from starlette.responses import Response

from gateway.domain.problem import Problem

_STATUSES = {402: 429, 422: 400}
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}
_CODES = {"insufficient_credits": "insufficient_quota", "spend_cap_reached": "insufficient_quota"}
_FINAL = frozenset({402, 409, 502, 504})


def write_problem(problem: Problem, request_id: str) -> Response:
    """Write a problem as OpenAI does."""
    status = _STATUSES.get(problem.status, problem.status)
    code = _CODES.get(problem.code, problem.code)
    kind = "insufficient_quota" if code == "insufficient_quota" else _TYPES.get(status)
    error = {
        "message": f"{problem.message} (request {request_id})" if status >= 500 else problem.message,
        "type": kind or ("invalid_request_error" if status < 500 else "server_error"),
        "param": problem.param,
        "code": code,
    }
    headers = dict(problem.headers)
    if problem.status in _FINAL:
        headers["x-should-retry"] = "false"
    return Response(orjson.dumps({"error": error}), status, headers, media_type="application/json")
