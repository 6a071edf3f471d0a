"""Writes docs/api/errors.md from the code: `python tests/api/error_table.py`, or `make api-docs`."""

import ast
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from contracts import codes
from gateway.inbound.http.openai.errors import _CODES, _STATUSES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "api" / "errors.md"
_SERVICES = ROOT / "services"
_SOURCES = (
    _SERVICES / "gateway" / "src" / "gateway",
    _SERVICES / "callbacks" / "src" / "callbacks",
    ROOT / "libs" / "runtime" / "src" / "runtime",
    ROOT / "libs" / "catalog" / "src" / "catalog",
)
"""Where the gateway's errors come from: its own, those of services that it asks, and those of inputs."""
RENAMED = frozenset(_CODES.values())
"""Codes as OpenAI has them."""
_HEAD = """# Errors

Written by `make api-docs` from the code. Switch on `code`: it is stable.
`message` is for people and may change.

| prefix | shape of an error | note |
|---|---|---|
| `/api/v1/…`, `/files/…` | `{"error": {type, code, message, param, request_id}}` | `details`: every fault |
| `/v1/…` | `{"error": {message, type, param, code}}` | OpenAI's statuses: what is %s here is %s there |
| `/api/v1/video/…`, `/api/v1/config/models` | `{"success": false, "error": {message, details}}` | 400 also \
for what is 422 here; `code`, `param`, `request_id`, `faults` are in `details` |
| `/api/…` | `{"error": "…", …}` | 400 also for what is 422 here |

`param` is the path of the field at fault. `X-Request-Id` names the request in our logs. 429 and 503 carry
`Retry-After` (seconds) where waiting helps; after a 503 send a submit again with the same `Idempotency-Key`.
"""
_OTHERS = {
    (400, "invalid_request"): "The framework could not read the request.",
    (402, "insufficient_credits"): "The task costs more than the account has; see `required` and `balance`.",
    (402, "spend_cap_reached"): "The task costs more than the key may still spend.",
    (404, "delivery_not_found"): "There is no delivery ….",
    (404, "webhook_not_found"): "There is no endpoint ….",
    (404, "listener_not_found"): "There is no listener …, or it has stopped asking.",
    (404, "not_found"): "There is nothing at this address.",
    (405, "method_not_allowed"): "This address doesn't take this method; `Allow` names those it takes.",
    (409, "account_exists"): "There is another account of this id.",
    (409, "dead_letter_unprocessable"): "Its reader still can't handle it; the message says why.",
    (409, "dead_letter_unreadable"): "It still can't be read: it stays a dead letter.",
    (409, "grant_exists"): "There is another grant of this id.",
    (409, "key_refused"): "The account can't have such a key; the message says why.",
    (409, "replay_refused"): "These rows can't be sent again; the message says why.",
    (409, "task_final"): "It is over: there is nothing to cancel. The document is in `task`.",
    (409, "task_not_final"): "Only a task that is over can be deleted. The document is in `task`.",
    (422, "invalid_cursor"): "`cursor` is an id that begins with ….",
    (422, "invalid_enabled"): "`enabled` is true or false.",
    (422, "invalid_endpoint_id"): "`endpoint_id` is an id that begins with ….",
    (422, "invalid_media"): "The file is cut off or damaged.",
    (422, "size_mismatch"): "The file has another size than was announced.",
    (422, "unknown_tier"): "There is no such tier.",
    (500, "internal_error"): "Something went wrong on our side. The request_id helps to find out what.",
    (503, "ledger_unavailable"): "The gateway was not told where the ledger is; so for the other services.",
}
_FIELDS = {
    "data_uri_not_allowed": "must be a public URL; this model takes no data URI",
    "invalid": "is not right: …",
    "invalid_data_uri": "is not valid base64",
    "unsupported_parameter": "can't be asked of this model",
    "invalid_url": "must be an address that can be used here",
    "invalid_type": "must be of another type",
    "not_a_multiple": "must be a multiple of …",
    "out_of_range": "must be at least …, or at most …",
    "too_few_items": "must have at least … items",
    "too_many_items": "must have at most … items",
    "too_short": "must have at least … characters",
    "too_long": "must have at most … characters",
}


def requests() -> dict[tuple[int, str], str]:
    """Status and code of every problem that is answered as it is, with one message of it."""
    found = {(each.status, each.code): each.text for each in reversed(_calls()) if each.status}
    return found | _OTHERS


def fields() -> dict[str, str]:
    """The codes of faults of single fields, with what one of them says."""
    return {each.code: each.text for each in reversed(_calls()) if not each.status} | _FIELDS


@cache
def codes_known() -> frozenset[str]:
    """Every code that an error may have, as v1 has it."""
    return frozenset({code for _, code in requests()} | fields().keys() | tasks().keys())


def tasks() -> dict[str, str]:
    """The codes of tasks that ended without a result, with what they say."""
    lines = Path(codes.__file__).read_text().splitlines()
    pairs = pairwise(lines)
    told = {line.split('"')[1]: text.strip('"') for line, text in pairs if ": Final = " in line}
    return {code: text for code, text in told.items() if code != codes.COMPLETED}


def page() -> str:
    """The page."""
    before = ", ".join(str(each) for each, now in _STATUSES.items() if each != now)
    after = ", ".join(str(now) for each, now in _STATUSES.items() if each != now)
    lines = [
        _HEAD % (before, after),
        "## Of requests",
        "",
        "| status | code | for example |",
        "|---|---|---|",
    ]
    lines += [f"| {status} | `{code}` | {text} |" for (status, code), text in sorted(requests().items())]
    lines += ["", "## Of fields", ""]
    lines += [
        "In `details[].code`; the first one is also the `code` of the error, with its field in `param`.",
        "",
    ]
    lines += ["| code | for example |", "|---|---|"]
    lines += [f"| `{code}` | {text} |" for code, text in sorted(fields().items())]
    renamed = ", ".join(f"`{ours}` is `{theirs}`" for ours, theirs in _CODES.items())
    lines += ["", f"On `/v1/…` {renamed}.", "", "## Of tasks", ""]
    lines += ["In `error.code` of a task that `failed` or was `cancelled`; none of them is charged.", ""]
    lines += ["| code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {text} |" for code, text in tasks().items()]
    return "\n".join(lines) + "\n"


class _Call(NamedTuple):
    """An error that is raised: without a status it is a fault of a field."""

    status: int
    code: str
    text: str


_FAULTS = frozenset({"Detail", "Fault", "_fault"})


@cache
def _calls() -> tuple[_Call, ...]:
    files = [file for folder in _SOURCES for file in sorted(folder.rglob("*.py"))]
    functions = (
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return tuple(call for function in functions for call in _of(function))


def _of(function: ast.AST) -> Iterator[_Call]:
    nodes = list(ast.walk(function))
    assigned = [
        node for node in nodes if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        named = {
            str(each.targets[0].id): each.value  # type: ignore[attr-defined]
            for each in sorted(assigned, key=lambda each: each.lineno)
            if each.lineno < node.lineno
        }
        match node.func, node.args:
            case ast.Name(id="Problem" | "Refusal"), [
                ast.Constant(int(status)),
                ast.Constant(str(code)),
                *rest,
            ]:
                yield _Call(status, code, _text(rest[0], named) if rest else "")
            case ast.Name(id="InvalidRequest"), [ast.Constant(str(code)), text, *_]:
                yield _Call(422, code, _text(text, named))
            case ((ast.Name(id=name) | ast.Attribute(attr=name)), [_, ast.Constant(str(code)), text, *_]):
                if name in _FAULTS:
                    yield _Call(0, code, _text(text, named))


def _text(node: ast.expr, named: dict[str, ast.expr]) -> str:
    if isinstance(node, ast.Name) and node.id in named:
        return _text(named[node.id], {})
    if isinstance(node, ast.Constant):
        return str(node.value).replace("|", "\\|")
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        return "".join(map(str, parts)).replace("|", "\\|")
    return ""


if __name__ == "__main__":
    PAGE.write_text(page())
