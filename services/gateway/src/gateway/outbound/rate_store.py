"""Counters of requests by sliding window: in this process, or in a Redis that all replicas share."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import cast

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.storage import storage_from_string

WINDOW_SECONDS = 60
_SWEEP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a request was let through, how many are left now, and in how many seconds that changes."""

    allowed: bool
    remaining: int
    reset_seconds: int


class _Window(RateLimitItemPerMinute):
    """A window that is counted under its name alone: a limit that moves keeps its count."""

    def key_for(self, *identifiers: bytes | str | int | float) -> str:
        return ":".join(map(str, identifiers))


class _SweptMemory(MemoryStorage):
    """The library's own looks through all counters after every request; this one does it now and then."""

    def sweep_in_background(self) -> None:
        self.timer = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.timer

    async def _get_sliding_window_info(
        self, previous_key: str, current_key: str, expiry: int, now: float
    ) -> tuple[int, float, int, float]:
        """As the library's own, whose nested calls for a counter took a quarter of a quota's time."""
        previous, current = self._count(previous_key, now), self._count(current_key, now)
        previous_ttl = (1 - (((now - expiry) / expiry) % 1)) * expiry if previous else 0.0
        return previous, previous_ttl, current, (1 - ((now / expiry) % 1)) * expiry + expiry

    def _count(self, key: str, now: float) -> int:
        return self.storage.get(key, 0) if self.expirations.get(key, 0.0) > now else 0

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            for key in list(self.expirations):
                await self.get(key)  # forgets it when it has expired


class RateStore:
    """Takes requests off a quota per minute. A part of the process."""

    name = "rate_store"

    def __init__(self, url: str) -> None:
        self._storage = _storage(url)
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    async def start(self) -> None:
        """Begin to forget what has expired."""
        if isinstance(self._storage, _SweptMemory):
            self._storage.sweep_in_background()

    async def stop(self) -> None:
        """End it."""
        if isinstance(self._storage, _SweptMemory):
            await self._storage.stop()

    def unready(self) -> str | None:
        """Never: without the store requests are let through (see LimitRequests)."""
        return None

    def fault(self) -> str | None:
        """None."""
        return None

    async def take(self, name: str, whose: str, quota: int) -> Taken:
        """Take one request of `quota` a minute. Raises whatever the store's client raises when it is away."""
        window = _Window(quota)
        allowed = await self._limiter.hit(window, name, whose)
        stats = await self._limiter.get_window_stats(window, name, whose)
        seconds = max(1, round(stats.reset_time - time.time()))
        return Taken(allowed, max(0, stats.remaining), min(seconds, WINDOW_SECONDS))


def _storage(url: str) -> Storage:
    if url == "memory://":
        return _SweptMemory()
    return cast("Storage", storage_from_string(f"async+{url}", implementation="redispy"))
