"""Writes docs/api/errors.md from the code: `python tests/api/error_table.py`, or `make api-docs`."""

import ast
from itertools import pairwise
from pathlib import Path

from contracts import codes
from gateway.inbound.http.openai.errors import _CODES, _STATUSES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "api" / "errors.md"
_SOURCES = ROOT / "services" / "gateway" / "src" / "gateway"
_HEAD = """# Errors

Written by `make api-docs` from the code. Switch on `code`: it is stable.
`message` is for people and may change.

| prefix | shape of an error | note |
|---|---|---|
| `/api/v1/…`, `/files/…` | `{"error": {type, code, message, param, request_id}}` | `details`: every fault |
| `/v1/…` | `{"error": {message, type, param, code}}` | OpenAI's statuses: what is %s here is %s there |
| `/api/…` | `{"error": "…", …}` | 400 also for what is 422 here |

`param` is the path of the field at fault. `X-Request-Id` names the request in our logs. 429 and 503 carry
`Retry-After` (seconds) where waiting helps; after a 503 send a submit again with the same `Idempotency-Key`.
"""
_OTHERS = {
    (402, "insufficient_credits"): "The task costs more than the account has; see `required` and `balance`.",
    (
        402,
        "spend_cap_reached",
    ): "The task costs more than the key may still spend.",
    (409, "task_final"): "It is over: there is nothing to cancel. The document is in `task`.",
    (409, "task_not_final"): "Only a task that is over can be deleted. The document is in `task`.",
    (404, "not_found"): "There is nothing at this address.",
    (405, "method_not_allowed"): "This address doesn't take this method; `Allow` names those it takes.",
    (500, "internal_error"): "Something went wrong on our side. The request_id helps to find out what.",
}


def requests() -> dict[tuple[int, str], str]:
    """Status and code of every problem that the gateway raises, with one message of it."""
    found: dict[tuple[int, str], str] = dict(_OTHERS)
    for file in sorted(_SOURCES.rglob("*.py")):
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                _look(found, function)
    return found


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
    renamed = ", ".join(f"`{ours}` is `{theirs}`" for ours, theirs in _CODES.items())
    lines += ["", f"On `/v1/…` {renamed}.", "", "## Of tasks", ""]
    lines += ["In `error.code` of a task that `failed` or was `cancelled`; none of them is charged.", ""]
    lines += ["| code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {text} |" for code, text in tasks().items()]
    return "\n".join(lines) + "\n"


def _look(found: dict[tuple[int, str], str], function: ast.AST) -> None:
    named: dict[str, ast.expr] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                named[name] = value
    for node in ast.walk(function):
        match node:
            case ast.Call(
                func=ast.Name(id="Problem"), args=[ast.Constant(int(status)), ast.Constant(code), *rest]
            ):
                text = _text(rest[0], named) if rest else ""
                found[status, code] = found.get((status, code)) or text


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
