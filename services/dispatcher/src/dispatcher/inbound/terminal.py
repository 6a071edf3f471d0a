"""`python -m dispatcher reconcile`: a table of how bills and attempts agree."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args

from contracts.ids import task_text
from rich.table import Table

from dispatcher.domain.reconciliation import WRONG, Finding, Verdict


def findings_table(findings: Sequence[Finding]) -> Table:
    """How many of each, and every job that doesn't agree."""
    counts = Counter(finding.verdict for finding in findings)
    table = Table("", "jobs", "provider", "says")
    for name in ("job", "task"):
        table.add_column(name, overflow="fold")
    for verdict in get_args(Verdict):
        table.add_row(verdict, str(counts[verdict]))
        for each in findings:
            if each.verdict == verdict and verdict in WRONG:
                task = f"{task_text(each.attempt.task_id)}/{each.attempt.n}" if each.attempt else ""
                table.add_row("", "", each.provider, each.says, each.job_id, task)
    return table


def moment(text: str) -> datetime:
    """An ISO 8601 moment, UTC unless it says otherwise. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
