"""The OpenAPI document, gathered from the areas' operations, with an example of every body."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from gateway.domain.problem import Problem, overloaded
from gateway.inbound.http.openapi.chapters import chapter_of, tags
from gateway.inbound.http.openapi.parts import Document
from gateway.inbound.http.openapi.samples import sample
from gateway.inbound.http.operation import Operation, paths
from gateway.inbound.http.surfaces import write_problem

_JSON = "application/json"
_REQUEST_ID = "req_01KA8Z5Y3QH4V7N2M9X6T8R0BC"
PROBLEMS: Mapping[int, Problem] = {
    each.status: each
    for each in (
        Problem(400, "invalid_json", "The body must be a JSON object."),
        Problem(401, "invalid_api_key", "This API key is not valid: unknown, disabled, deleted or mistyped."),
        Problem(
            402,
            "insufficient_credits",
            "This costs 6.57 credits and 2 are available. Add credits and send it again.",
            amounts_micro={"required": 6_570_000, "balance": 2_000_000},
        ),
        Problem(403, "insufficient_scope", "This key lacks the scope 'write'; it has: read."),
        Problem(404, "not_found", "There is nothing at this address."),
        Problem(408, "upload_too_slow", "The file took too long to arrive. Send it again."),
        Problem(
            409,
            "idempotency_key_reused",
            "This Idempotency-Key was used with another payload. Use a new key for a new request.",
            param="Idempotency-Key",
        ),
        Problem(413, "request_too_large", "The body is larger than 1000000 bytes."),
        Problem(416, "range_not_satisfiable", "The range begins past the end of the file."),
        Problem(422, "required", "prompt is required", param="prompt"),
        Problem(429, "rate_limit_exceeded", "More than 60 requests a minute (submits). Wait 7 seconds."),
        Problem(502, "provider_failed", "The provider failed to generate a result."),
        overloaded(),
        Problem(504, "timeout", "Not done in time. The task goes on."),
    )
}
"""One of each status, for errors whose descriptions give no example of their own."""


_ABOUT = """One API in front of AI media generation.

`POST /api/v1/tasks` answers 202 with a `task_id`; the task's document tells its status, its cost and its
files, and a webhook tells its end. Credits are frozen at the submit, settled when the result is stored,
released when it fails. Send `Idempotency-Key` with each submit: the same key and body give the same task and
charge once. Every error has a stable `code`, the field at fault in `param`, and says what to do.
`X-Request-Id` names a request to your operator."""


def document(operations: Iterable[Operation]) -> Document:
    """OpenAPI 3.1 of the public API."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Framebus",
            "version": "1",
            "description": _ABOUT,
        },
        "tags": tags(),
        "security": [{"key": []}],
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            path: {
                method: {"tags": [chapter_of(path).name], **_with_examples(path, each)}
                for method, each in item.items()
            }
            for path, item in paths(operations).items()
        },
    }


def _with_examples(path: str, described: Document) -> Document:
    made = dict(described)
    if "responses" in described:
        made["responses"] = {
            status: _shown(answer, _problem(path, int(status)) if int(status) >= 400 else {})
            for status, answer in described["responses"].items()
        }
    if "requestBody" in described:
        made["requestBody"] = _shown(described["requestBody"])
    return made


def _shown(described: Document, error: Mapping[str, Any] = MappingProxyType({})) -> Document:
    """A body, or an answer, with an example of its JSON; what belongs to an error stands beside it."""
    content = described.get("content", {}).get(_JSON)
    if content is None or "example" in content:
        return described
    example = sample(content["schema"])
    if error:
        example = {name: example[name] for name in content["schema"]["required"]} | dict(error)
    return {**described, "content": {**described["content"], _JSON: {**content, "example": example}}}


def _problem(path: str, status: int) -> dict[str, Any]:
    return dict(orjson.loads(write_problem(path, PROBLEMS[status], _REQUEST_ID).body))
