"""`python -m bench [name …] [--json]`: measure, print one table, write JSON under bench/results."""

import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bench import figures, ledger, path, submit
from bench.figures import Report

BENCHES: dict[str, Callable[[], Report | list[Report]]] = {
    "submit": submit.run,
    "ledger": ledger.run,
    "path": path.run,
}
RESULTS = Path(__file__).parent / "results"


def main(words: list[str]) -> int:
    """Run the named benches, all of them if none is named; 1 if a goal was missed."""
    names = [word for word in words if not word.startswith("-")] or list(BENCHES)
    unknown = set(names) - set(BENCHES)
    if unknown:
        print(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    reports: list[Report] = []
    for name in names:
        found = BENCHES[name]()
        reports += found if isinstance(found, list) else [found]
    if "--json" in words:
        print(json.dumps([asdict(report) for report in reports], indent=2))
    else:
        figures.show(reports)
        figures.save(reports, RESULTS, _machine())
    return 0 if all(goal["met"] for report in reports for goal in report.goals.values()) else 1


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
