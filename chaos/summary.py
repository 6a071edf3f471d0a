"""Reports side by side, as the table that docs/reliability.md shows."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Saved = dict[str, Any]


def summary(folder: Path, seeds: Sequence[int]) -> str:
    """The saved reports of some seeds as Markdown, a column each. Raises FileNotFoundError."""
    reports = [json.loads((folder / f"report-{seed}.json").read_text()) for seed in seeds]
    lines = [["", "", *(f"seed {each['seed']}" for each in reports)]]
    lines.append(["---"] * len(lines[0]))
    lines += [["", name, *map(pick, reports)] for name, pick in _HEAD.items()]
    lines += _rows(reports, "findings", lambda each: f"{each['figure']}{_wrong(each)}")
    lines += _rows(
        reports, "conditions", lambda each: " ".join(filter(None, (str(each["count"]), _of(each))))
    )
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _rows(reports: Sequence[Saved], kind: str, cell: Any) -> list[list[str]]:
    return [
        [first["name"], first["says"], *(cell(each[kind][n]) for each in reports)]
        for n, first in enumerate(reports[0][kind])
    ]


def _wrong(found: Saved) -> str:
    return f" **{found['count']} wrong**" if found["count"] else ""


def _of(seen: Saved) -> str:
    return f"({seen['detail']})" if seen["detail"] else ""


def _killed(report: Saved) -> str:
    return ", ".join(f"{name} {many}" for name, many in report["figures"]["killed with work in hand"].items())


def _answers(report: Saved) -> str:
    seen = report["figures"]["answers that clients saw"]
    names = ("202", "402", "503", "no answer", "not connected")
    return ", ".join(f"{name}: {seen[name]}" for name in names if name in seen)


_HEAD = {
    "schedule": lambda report: f"`{report['schedule']}`, {report['minutes']:g} min",
    "faults": lambda report: f"{len(report['faults'])}",
    "requests, accepted": lambda report: f"{report['figures']['requests']}, {report['figures']['accepted']}",
    "answers that clients saw": _answers,
    "killed with work in hand": _killed,
    "seconds in all": lambda report: f"{report['figures']['seconds in all']}",
}
