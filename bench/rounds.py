"""How long rounds are: whole ones for figures, short ones (`QUICK=1`) to see that a bench still runs."""

import os
from collections.abc import Sequence
from statistics import median
from typing import TypeVar

T = TypeVar("T", int, float)

QUICK = os.environ.get("QUICK", "0") not in ("", "0")


def pick(whole: T, quick: T) -> T:
    """A size of a whole run, or of a quick one."""
    return quick if QUICK else whole


def percentile(values: Sequence[float], share: float) -> float:
    """What `share` of the values stay below or at."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def middle(rounds: Sequence[float]) -> float:
    """The median of the rounds."""
    return float(median(rounds))
