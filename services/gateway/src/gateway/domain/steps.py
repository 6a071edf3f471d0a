"""How long a finished task took on each step of its way."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

STEPS = (
    ("requested_at", "requested"),
    ("frozen_at", "frozen"),
    ("submitted_at", "submitted"),
    ("completed_at", "completed"),
    ("stored_at", "stored"),
    ("closed_at", "settled"),
)


def step_seconds(row: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Each step with the seconds since the one before it, where both are known of the task.

    The times are those of several services' clocks: what would be negative is nothing.
    """
    for (before, _), (after, name) in pairwise(STEPS):
        began, ended = row[before], row[after]
        if began is not None and ended is not None:
            yield name, seconds(began, ended)


def seconds(began: datetime, ended: datetime) -> float:
    """From one to the other, never negative."""
    return max((ended - began).total_seconds(), 0.0)
