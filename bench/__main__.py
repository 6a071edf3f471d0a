"""`python -m bench [name …] [--json]`: measure, print one table, write JSON under bench/results.

`python -m bench table` writes the newest results into docs/performance.md. With QUICK=1 rounds are short:
they show that a bench works, and nothing is kept of them.
"""

import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from bench import figures, table
from bench.figures import Report
from bench.rounds import QUICK

NAMES = ("submit", "ledger", "path", "discovery", "read", "growth", "memory", "scale")
RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def main(words: list[str]) -> int:
    """Run the named benches, all of them if none is named; 1 if a goal was missed."""
    if words == ["table"]:
        table.write(RESULTS, PAGE, NAMES)
        return 0
    names = [word for word in words if not word.startswith("-")] or list(NAMES)
    unknown = set(names) - set(NAMES)
    if unknown:
        print(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    reports = [report for name in names for report in _run(name)]
    if "--json" in words:
        print(json.dumps([asdict(report) for report in reports], indent=2))
    else:
        figures.show(reports)
    if not QUICK:
        figures.save(reports, RESULTS, _machine())
    return 0 if all(goal["met"] for report in reports for goal in report.goals.values()) else 1


def _run(name: str) -> list[Report]:
    """A bench's reports; its module is loaded only now, for they are large."""
    print(f"{name} …", file=sys.stderr, flush=True)
    run: Callable[[], Report | list[Report]] = import_module(f"bench.{name}").run
    found = run()
    return found if isinstance(found, list) else [found]


def _machine() -> str:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
