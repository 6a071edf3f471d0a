"""Every place where things can gather in memory is known, and what bounds it."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
BOUNDS = {
    "dispatcher.usecases.pace deque": "a worker's hands (CONCURRENCY), for 2 s at most",
    "dispatcher.outbound.provider_client gather": "providers in the settings",
    "dispatcher.outbound.inputs gather": "files of one task; eight tasks at once, 20 MB each file",
    "gateway.usecases.await_tasks gather": "tasks of one order; 120 s, MAX_STREAMS of them",
    "gateway.usecases.follow_tasks gather": "its own two tasks, at the end",
    "gateway.usecases.tell_story gather": "the services",
    "gateway.inbound.http.bodies body": "the length is told before, and at most `json_limit + file_limit`",
    "gateway.inbound.http.multipart deque": "events of one chunk that was read",
    "storage.probe.pool gather": "PROBE_PROCESSES",
    "runtime.bus.dead_letters deque": "DEAD_LETTERS_PER_MINUTE, then the consumer stops",
    "runtime.bus.consumer gather": "its own tasks, at the end",
    "runtime.group_commit deque": "`max_waiting`, then OverloadedError: 503",
    "runtime.work.worker gather": "CONCURRENCY",
    "runtime.outbox.relay gather": "`batch` rows",
}
"""`module kind` to what bounds it: a setting, a constant, or who it is."""


def _kind(call: ast.Call) -> str | None:
    name = ast.unparse(call.func).rsplit(".", 1)[-1]
    match name:
        case "Queue" | "LifoQueue" | "PriorityQueue" if not call.args and not call.keywords:
            return "queue"
        case "deque" if not any(each.arg == "maxlen" for each in call.keywords):
            return "deque"
        case "gather" if any(isinstance(each, ast.Starred) for each in call.args):
            return "gather"
        case "body" | "form" if not call.args and "request" in ast.unparse(call.func):
            return "body"
        case "read" | "aread" if not call.args and "response" in ast.unparse(call.func):
            return "answer"
    return None


def test_limits_every_place_where_things_gather_is_known_with_its_bound() -> None:
    """A new queue, deque, whole body or fan-out over a list of any length failed here; each was tried."""
    found = set()
    for pattern in ("services/*/src/**/*.py", "libs/runtime/src/**/*.py"):
        for path in ROOT.glob(pattern):
            calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
            kinds = {kind for call in calls if (kind := _kind(call)) is not None}
            parts = path.relative_to(ROOT).with_suffix("").parts
            module = ".".join(parts[parts.index("src") + 1 :])
            found |= {f"{module} {kind}" for kind in kinds}
    assert found == set(BOUNDS)
