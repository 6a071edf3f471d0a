"""Gauges of what the database and the broker hold: set every few seconds, never at a scrape.

Each consumer's process measures all of its service, so that whichever is left still tells.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Gauge

from runtime import metrics
from runtime.bus.ends import TopicEnds
from runtime.db import Connection, Database
from runtime.timer import Timer

log = structlog.get_logger()

TIMEOUT_SECONDS = 20.0

Values = Mapping[Any, float]
"""A gauge's values by its labels, a tuple of text; what isn't in it is not exported any more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Gauges that are set together: `take` gives the values of each, in their order."""

    name: str
    gauges: Sequence[Gauge]
    take: Callable[[Connection], Awaitable[Sequence[Values]]]


class Measure:
    """A part of a process. What can't be measured is not exported: an old value would be a lie."""

    name = "measure"

    def __init__(
        self,
        db: Database,
        readings: Sequence[Reading],
        *,
        service: str,
        every_seconds: float,
        ends: TopicEnds | None = None,
    ) -> None:
        self._db, self._readings, self._service, self._ends = db, readings, service, ends
        self._timer = Timer(self.name, self, every_seconds)

    async def start(self) -> None:
        """Begin."""
        await self._timer.start()

    async def stop(self) -> None:
        """Finish the turn in hand."""
        await self._timer.stop()
        if self._ends is not None:
            await self._ends.close()

    def unready(self) -> str | None:
        """Never in the way of traffic."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    async def __call__(self) -> None:
        """Take all readings; one that fails is logged and the others are taken all the same."""
        whole = True
        for reading in self._readings:
            whole = await self._take(reading) and whole
        if whole:
            metrics.MEASURED.labels(self._service).set(time.time())

    async def _take(self, reading: Reading) -> bool:
        values: Sequence[Values] = [{} for _ in reading.gauges]
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                values = await reading.take(self._db.pool)
        except Exception as error:
            log.warning("not_measured", reading=reading.name, error=f"{type(error).__name__}: {error}"[:300])
            return False
        finally:
            for gauge, told in zip(reading.gauges, values, strict=True):
                _replace(gauge, told)
        return True


def _replace(gauge: Gauge, values: Values) -> None:
    """Nothing is awaited between the two, so no scrape sees it half done."""
    if not gauge._labelnames:
        gauge.set(values.get((), math.nan))
        return
    gauge.clear()
    for labels, value in values.items():
        gauge.labels(*labels).set(value)
