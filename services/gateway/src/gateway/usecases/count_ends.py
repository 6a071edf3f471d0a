"""Count the tasks that have come to their end, and what they spent on each step."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway import metrics
from gateway.domain.steps import seconds, step_seconds


def count_ends(ended: Iterable[Mapping[str, Any]]) -> None:
    """Rows of finished tasks, each once: after the commit that ended them."""
    for row in ended:
        metrics.TASKS.labels(row["status"]).observe(seconds(row["requested_at"], row["finished_at"]))
        for step, spent in step_seconds(row):
            metrics.STEPS.labels(step).observe(spent)
        if row["status"] != "succeeded":
            metrics.FAILURES.labels(row["closed_reason"]).inc()
