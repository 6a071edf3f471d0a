"""`python -m bench table`: the newest figures of each bench as the tables of docs/performance.md."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: `python -m bench table` writes what follows -->", "<!-- end of figures -->"
TASKS_PER_SECOND = 10_000
_CPU = "cpu ms per "
_PROCESSES = (
    "gateway",
    "ledger",
    "dispatcher",
    "callbacks",
    "storage",
    "postgres",
    "kafka",
    "s3",
    "simulator",
)


def write(results: Path, page: Path, order: Sequence[str]) -> None:
    """Put the tables between the page's two marks. Raises ValueError when they aren't there."""
    text = page.read_text()
    head, mark, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"{page} has no place for figures: it needs the lines {BEGIN} and {END}")
    page.write_text(f"{head}{BEGIN}\n\n{tables(newest(results), order)}\n{END}{tail}")


def newest(results: Path) -> dict[str, dict[str, Any]]:
    """The newest report of each bench, with the date and machine of its run."""
    found: dict[str, dict[str, Any]] = {}
    for run in sorted((json.loads(file.read_text()) for file in results.glob("*.json")), key=_date):
        for report in run["benches"]:
            found[report["name"]] = {**report, "date": run["date"], "machine": run["machine"]}
    return found


def tables(reports: Mapping[str, Mapping[str, Any]], order: Sequence[str]) -> str:
    """Goals, other figures, CPU by process, and where each run was made, in Markdown."""
    known = sorted(reports.values(), key=lambda each: _place(each["name"], order))
    parts = [
        _table(("bench", "goal", "wanted", "measured", ""), (row for each in known for row in _goals(each))),
        "## Figures\n",
        _table(("bench", "figure", "measured"), (row for each in known for row in _figures(each))),
        "## Where the time goes: CPU milliseconds by process\n",
        _table(("bench", "", *_PROCESSES), (row for each in known for row in _cpu(each))),
        _cores(reports),
        "Runs: " + "; ".join(_runs(known)) + ".\n",
    ]
    return "\n".join(parts)


def _date(run: Mapping[str, Any]) -> str:
    return str(run["date"])


def _place(name: str, order: Sequence[str]) -> tuple[int, str]:
    return next((n for n, each in enumerate(order) if name.startswith(each)), len(order)), name


def _goals(report: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    for name, goal in report["goals"].items():
        met = "pass" if goal["met"] else "**miss**"
        yield f"`{report['name']}`", name, str(goal["wanted"]), shown(goal["value"]), met


def _figures(report: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    for name, value in report["figures"].items():
        if name not in report["goals"] and not (_CPU in name and isinstance(value, dict)):
            yield f"`{report['name']}`", name, shown(value)


def _cpu(report: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    for name, value in report["figures"].items():
        if _CPU in name and isinstance(value, dict):
            cells = (f"{value[each]:.2f}" if value.get(each, 0) >= 0.005 else "" for each in _PROCESSES)
            yield f"`{report['name']}`", name.replace("cpu ms ", ""), *cells


def _cores(reports: Mapping[str, Mapping[str, Any]]) -> str:
    """What whole tasks at that rate would take by the figures of `path`, were nothing ever to get cheaper."""
    if "path" not in reports:
        return ""
    figures = reports["path"]["figures"]
    cpu = {name: ms * TASKS_PER_SECOND / 1000 for name, ms in figures["cpu ms per task"].items()}
    needs = [(name, f"{cpu[name]:.0f} cores") for name in _PROCESSES if name in cpu]
    if "WAL KB per task" in figures:
        needs.append(("WAL", f"{figures['WAL KB per task'] * TASKS_PER_SECOND / 1000:.0f} MB/s"))
        needs.append(("records", f"{figures['Kafka records per task'] * TASKS_PER_SECOND / 1000:.0f} k/s"))
    head = f"## At {TASKS_PER_SECOND:,} whole tasks per second".replace(",", " ")
    return f"{head}\n\n" + _table(("of", "needed"), needs)


def _runs(reports: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    made: dict[tuple[str, str], list[str]] = {}
    for each in reports:
        made.setdefault((each["date"], each["machine"]), []).append(f"`{each['name']}`")
    for (date, machine), names in made.items():
        yield f"{', '.join(names)} at {date} on {machine}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def shown(value: Any) -> str:
    """A number in as many digits as mean something; rounds and parts one after the other."""
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 10 else f"{value:,.0f}".replace(",", " ")
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(each)}" for name, each in value.items())
    return str(value)
