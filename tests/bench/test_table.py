"""The tables of docs/performance.md come from the newest results, whole and in order."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench import table

CPU = {"gateway": 0.5, "postgres": 1.3, "s3": 0.001}


def result(folder: Path, date: str, *reports: dict[str, Any]) -> None:
    body = {"date": date, "machine": "2 cores", "benches": list(reports)}
    (folder / f"{date}.json").write_text(json.dumps(body))


def report(name: str, value: float, *, met: bool = True) -> dict[str, Any]:
    goal = {"wanted": ">= 0.6", "value": value, "met": met}
    figures = {"per second": 1234.5, "rounds": [1, 2], "cpu ms per task": CPU}
    return {"name": name, "figures": figures, "ratios": {"ratio": value}, "goals": {"ratio": goal}}


def test_the_page_shows_the_newest_report_of_each_bench(tmp_path: Path) -> None:
    results, page = tmp_path / "results", tmp_path / "page.md"
    results.mkdir()
    result(results, "2026-01-01", report("path", 0.3, met=False), report("submit", 0.4, met=False))
    result(results, "2026-01-02", report("submit", 0.7))
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    for _ in range(2):  # a second time nothing changes
        table.write(results, page, ["submit", "path"])
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith(f"{table.END}\nafter\n")
    assert "old" not in text
    assert "| `submit` | ratio | >= 0.6 | 0.70 | pass |" in text
    assert "| `path` | ratio | >= 0.6 | 0.30 | **miss** |" in text
    assert text.index("| `submit`") < text.index("| `path`")
    assert "| `path` | per second | 1 234 |" in text
    assert "| `path` | per task | 0.50 |  |  |  |  | 1.30 |  |  |  |" in text
    assert "| postgres | 13 cores |" in text
    assert "`path` at 2026-01-01 on 2 cores; `submit` at 2026-01-02 on 2 cores" in "; ".join(
        sorted(text.rsplit("Runs: ", 1)[1].split(".\n")[0].split("; "))
    )


def test_a_page_without_the_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="no place for figures"):
        table.write(tmp_path, page, [])
    assert page.read_text() == "nothing"
