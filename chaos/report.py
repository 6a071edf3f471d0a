"""What a run found: one row per invariant with its figure, a table of them, and a JSON report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

_EXAMPLES = 5


@dataclass
class Finding:
    """An invariant: what it says, what was looked at, and everything that contradicts it."""

    name: str
    says: str
    figure: str
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts it."""
        return not self.wrong


@dataclass
class Condition:
    """Something that has to be seen in some run for the invariants to mean much."""

    name: str
    says: str
    count: int
    detail: str = ""


@dataclass
class Report:
    """A whole run."""

    seed: int
    minutes: float
    schedule: str
    without: str | None = None
    faults: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)

    @property
    def violated(self) -> list[str]:
        """The names of the invariants that don't hold."""
        return [each.name for each in self.findings if not each.holds]

    def save(self, folder: Path) -> Path:
        """Write it down as JSON."""
        name = f"report-{self.seed}" + (f"-without-{self.without}" if self.without else "")
        file = folder / f"{name}.json"
        body = {**asdict(self), "violated": self.violated}
        for each in body["findings"]:
            each["count"], each["wrong"] = len(each["wrong"]), each["wrong"][:50]
        file.write_text(json.dumps(body, indent=2, default=str) + "\n")
        return file

    def show(self) -> None:
        """Print it."""
        console = Console(width=150, highlight=False)
        table = Table(header_style="dim")
        for column in ("", "invariant", "figure", ""):
            table.add_column(column, overflow="fold")
        for found in self.findings:
            verdict = "[green]holds[/green]" if found.holds else f"[red]{len(found.wrong)} WRONG[/red]"
            table.add_row(found.name, found.says, found.figure, verdict)
        for seen in self.conditions:
            verdict = f"{seen.count} seen" if seen.count else "[yellow]not seen[/yellow]"
            table.add_row(seen.name, seen.says, seen.detail, verdict)
        console.print(table)
        for found in self.findings:
            for example in found.wrong[:_EXAMPLES]:
                console.print(f"[red]{found.name}[/red] {example}", markup=True)
        for name, value in self.figures.items():
            console.print(f"{name}: {value}", markup=False)


def compare(name: str, says: str, figure: str, wrong: Sequence[str]) -> Finding:
    """A finding from what contradicts it."""
    return Finding(name, says, figure, list(wrong))


def told(counts: Mapping[str, int]) -> str:
    """Counts in words."""
    return ", ".join(f"{name} {many}" for name, many in sorted(counts.items())) or "none"
