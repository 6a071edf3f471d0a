"""How well routes have done lately, as this process saw it: jobs that a provider took and then failed."""

import time
from collections.abc import Callable
from dataclasses import dataclass

SHARE = 0.2
"""How much the newest job counts."""
LEAST_JOBS = 5
UNWELL_ABOVE = 0.5
FORGOTTEN_SECONDS = 120.0
"""A route that isn't taken can't get better: after this time it is tried again."""

Route = tuple[str, str]
"""Provider and its model."""


@dataclass(slots=True)
class _Score:
    jobs: int = 0
    failed: float = 0.0
    last_failed_at: float = 0.0


class RouteHealth:
    """A moving share of failed jobs per route."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._scores: dict[Route, _Score] = {}

    def note(self, route: Route, *, failed: bool) -> None:
        """A job ended by the provider's own success or fault."""
        score = self._scores.setdefault(route, _Score())
        score.jobs += 1
        score.failed += SHARE * (float(failed) - score.failed)
        if failed:
            score.last_failed_at = self._clock()

    def unwell(self, route: Route) -> bool:
        """Whether most of its latest jobs failed, the last one not long ago."""
        score = self._scores.get(route)
        if score is None or score.jobs < LEAST_JOBS or score.failed <= UNWELL_ABOVE:
            return False
        return self._clock() - score.last_failed_at < FORGOTTEN_SECONDS

    def failed_shares(self) -> dict[Route, float]:
        """The share of failed jobs by route, the newest counting most."""
        return {route: round(score.failed, 3) for route, score in self._scores.items()}
