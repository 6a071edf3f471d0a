"""What a bench reports: figures, ratios to a yardstick of the same run, goals, and one table of them."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass
class Report:
    """One bench's outcome. `goals` maps a ratio's or figure's name to (wanted, met)."""

    name: str
    figures: dict[str, Any] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)
    goals: dict[str, dict[str, Any]] = field(default_factory=dict)

    def at_least(self, name: str, value: float, wanted: float) -> None:
        """A goal that more is better for."""
        self.goals[name] = {"wanted": f">= {wanted}", "value": round(value, 3), "met": value >= wanted}

    def at_most(self, name: str, value: float, wanted: float) -> None:
        """A goal that less is better for."""
        self.goals[name] = {"wanted": f"<= {wanted}", "value": round(value, 3), "met": value <= wanted}

    def holds(self, name: str, told: str, met: bool) -> None:
        """Something that must be so for the figures to count."""
        self.goals[name] = {"wanted": "holds", "value": told, "met": met}


def show(reports: list[Report]) -> None:
    """One table."""
    table = Table(header_style="dim")
    for column in ("bench", "figure", "value", "goal", ""):
        table.add_column(column)
    for report in reports:
        for name, value in {**report.figures, **report.ratios}.items():
            table.add_row(report.name, name, _text(value), "", "")
        for name, goal in report.goals.items():
            mark = "[green]pass[/green]" if goal["met"] else "[red]miss[/red]"
            table.add_row(report.name, name, _text(goal["value"]), str(goal["wanted"]), mark)
    Console(width=130).print(table)


def save(reports: list[Report], folder: Path, machine: str) -> Path:
    """Write the reports as JSON with the date and the machine."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    file = folder / f"{now:%Y-%m-%dT%H%M}.json"
    body = {
        "date": now.isoformat(timespec="seconds"),
        "machine": machine,
        "benches": [asdict(r) for r in reports],
    }
    file.write_text(json.dumps(body, indent=2) + "\n")
    return file


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.0f}"
    return str(value)
