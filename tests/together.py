"""`make test`: the suite as two runs side by side, each with servers of its own, then one look at both.

Most of what the journeys do is to wait, so the two take little more than the longer one. What a run saw of
the API is written to `.framebus/seen-…`; only both together can say that a documented answer was never seen.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
JOURNEYS = ("tests/flows", "tests/operations", "tests/recovery")
MADE = ROOT / ".framebus"
sys.path.insert(0, str(ROOT / "tests" / "api"))


def main() -> int:
    """0 if both runs pass and the document keeps its promises."""
    MADE.mkdir(exist_ok=True)
    rest = [f"--ignore={each}" for each in JOURNEYS]
    beside = _start("journeys", JOURNEYS, MADE / "journeys.log")
    code = _start("rest", rest).wait()
    sys.stdout.write("\nthe journeys, which ran at the same time:\n")
    also = beside.wait()
    sys.stdout.write((MADE / "journeys.log").read_text())
    return code or also or _judge()


def _start(name: str, words: list[str] | tuple[str, ...], log: Path | None = None) -> subprocess.Popen[bytes]:
    _seen(name).unlink(missing_ok=True)
    settings = {**os.environ, "FRAMEBUS_TEST_HOME": name, "FRAMEBUS_SEEN": str(_seen(name))}
    command = [sys.executable, "-m", "pytest", *words, *sys.argv[1:]]
    out = log.open("wb") if log else None
    return subprocess.Popen(command, cwd=ROOT, env=settings, stdout=out, stderr=subprocess.STDOUT)


def _seen(name: str) -> Path:
    return MADE / f"seen-{name}.txt"


def _judge() -> int:
    from recorder import FLOWS, Answer, unseen

    seen: dict[Answer, set[str]] = {}
    for line in "".join(_seen(name).read_text() for name in ("journeys", "rest")).splitlines():
        method, path, status, places = line.split()
        seen.setdefault((method, path, status), set()).update(places.split(","))
    missing = unseen(seen, {FLOWS, "gateway"})
    for each in missing:
        sys.stdout.write(f"OpenAPI: {each}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
