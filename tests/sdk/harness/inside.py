"""Runs one SDK's checks and goldens inside its own environment; says a JSON line for each on stdout.

`python inside.py FOLDER URL checks|goldens`. Every check is a child process, so that a poll without end can
be ended, and nothing that one leaves behind reaches the next.
"""

import contextlib
import fcntl
import importlib.util
import io
import json
import multiprocessing
import multiprocessing.connection
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from kit import Golden, Sim

DEADLINE_SECONDS = 60.0
"""For a check that is to pass: only there so that nothing hangs for ever."""
GUARD_SECONDS = 4.0
"""A guarded check that hangs is red; it gets this, and four times what it took when it was green."""

Outcome = tuple[str, Any]  # "ok" with a result, or what went wrong


def main(folder: Path, url: str, wanted: str, only: str) -> None:
    """Run everything of one kind, in the order in which it is written."""
    with contextlib.redirect_stdout(sys.stderr):
        module = _load(folder / "checks.py")
    sim = Sim(url, module.PROVIDER)
    with _alone(url, module.PROVIDER):
        _all(module, sim, wanted, only)


def _all(module: ModuleType, sim: Sim, wanted: str, only: str) -> None:
    if wanted == "goldens":
        for name, function in _functions(module, "golden_", ""):
            _say(name=name, **_described(_run(_golden, function, sim, DEADLINE_SECONDS), "requests"))
        return
    for name, check in _functions(module, "check_", only):
        began = time.monotonic()
        outcome = _run(_check, check, sim, DEADLINE_SECONDS)
        took = time.monotonic() - began
        _say(name=name, **_described(outcome, "result"))
        if outcome[0] == "ok":
            _show_it_can_fail(name, check, sim, took)


@contextlib.contextmanager
def _alone(url: str, provider: str) -> Iterator[None]:
    """While it lasts no other SDK turns this provider's dials: two of them may speak to one provider."""
    name = f"{url}-{provider}".replace("/", "_").replace(":", "_")
    with (Path(tempfile.gettempdir()) / f"sdk-{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _show_it_can_fail(name: str, check: Any, sim: Sim, took: float) -> None:
    for guarded, dials in getattr(check, "guarded", []):
        outcome = _run(_check, check, sim, GUARD_SECONDS + 4 * took, dials)
        verdict = "red" if outcome[0] != "ok" else "stays green"
        _say(name=name, guards=guarded, verdict=verdict, why=str(outcome[1])[-2000:] if outcome[1] else "")


def _described(outcome: Outcome, member: str) -> dict[str, Any]:
    verdict, detail = outcome
    return {"verdict": verdict, member: detail} if verdict == "ok" else {"verdict": verdict, "why": detail}


def _check(check: Callable[..., None], sim: Sim, dials: dict[str, Any]) -> None:
    if dials:
        sim.set(**dials)
    check(sim)


def _golden(function: Callable[..., None], sim: Sim, dials: dict[str, Any]) -> dict[str, Any]:
    del dials
    golden = Golden(sim)
    function(sim, golden)
    return golden.requests


def _run(
    work: Callable[..., Any],
    function: Callable[..., None],
    sim: Sim,
    seconds: float,
    dials: dict[str, Any] | None = None,
) -> Outcome:
    """Do it in a child process, with all dials as they were, and bring home how it went."""
    sim.restore()
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    child = fork.Process(target=_child, args=(theirs, work, function, sim, dials or {}))
    child.start()
    theirs.close()
    outcome: Outcome = ("failed", f"no end after {seconds:.0f} s")
    if ours.poll(seconds):
        with contextlib.suppress(EOFError):
            outcome = ours.recv()
    child.kill()
    child.join()
    sim.restore()
    return outcome


def _child(
    pipe: multiprocessing.connection.Connection,
    work: Callable[..., Any],
    function: Callable[..., None],
    sim: Sim,
    dials: dict[str, Any],
) -> None:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            result = work(function, sim, dials)
    except BaseException:
        pipe.send(("failed", traceback.format_exc()))
        return
    pipe.send(("ok", result))


def _functions(module: ModuleType, prefix: str, only: str) -> list[tuple[str, Callable[..., None]]]:
    found = [
        (name.removeprefix(prefix), each) for name, each in vars(module).items() if name.startswith(prefix)
    ]
    return [(name, each) for name, each in found if only in name]


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("checks", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "")
