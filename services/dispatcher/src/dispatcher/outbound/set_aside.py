"""Keys that a provider doesn't accept: set aside, said aloud, tried again later. By this process."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from dispatcher import metrics

log = structlog.get_logger()

FIRST_SECONDS, MOST_SECONDS = 60.0, 900.0

Use = tuple[str, str, str]
"""Provider, credential and the provider's model: a key may be good for some models only."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Why a key isn't used for a model, and until when by this process's clock."""

    times: int
    until: float
    message: str


class SetAside:
    """Which keys rest. An operator has to act; until then each is tried once in a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._aside: dict[Use, Aside] = {}

    def rests(self, use: Use) -> float:
        """Seconds until the key may be tried again for this model, 0 for now."""
        found = self._aside.get(use)
        return max(found.until - self._clock(), 0.0) if found else 0.0

    def refused(self, use: Use, message: str) -> None:
        """The provider didn't accept it."""
        before = self._aside.get(use)
        times = before.times + 1 if before else 1
        wait = min(FIRST_SECONDS * 2.0 ** min(times - 1, 10), MOST_SECONDS)
        self._aside[use] = Aside(times, self._clock() + wait, message)
        metrics.SET_ASIDE.labels(use[0], use[1]).set(1)
        log.error(
            "credential_set_aside",
            provider=use[0],
            credential_id=use[1],
            model=use[2],
            seconds=wait,
            why=message,
        )

    def accepted(self, use: Use) -> None:
        """It works."""
        if self._aside.pop(use, None) is not None:
            self._report(use[0], use[1])

    def forget(self, provider: str, credential_id: str) -> None:
        """The key was replaced: what the old one couldn't says nothing."""
        for use in [each for each in self._aside if each[:2] == (provider, credential_id)]:
            del self._aside[use]
        self._report(provider, credential_id)

    def now(self) -> dict[Use, Aside]:
        """All that rest or were refused when last tried."""
        return dict(self._aside)

    def _report(self, provider: str, credential_id: str) -> None:
        left = any(each[:2] == (provider, credential_id) for each in self._aside)
        metrics.SET_ASIDE.labels(provider, credential_id).set(int(left))
