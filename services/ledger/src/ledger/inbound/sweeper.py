"""The clock that starts a sweep, and the reasons for not starting one.

A hold may only expire when nobody has news of it in Kafka. So the sweeper notes where the topics end, and
counts itself calm once all that was there at its last look has been handled - by whichever replica. It sweeps
when it has been calm without a break for the whole calm time; a broker or consumer that was away, a restart
and a restored database all begin that time anew.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import structlog
from runtime.bus.backlog import first_behind
from runtime.bus.ends import Ends
from runtime.db import Database

from ledger import metrics

log = structlog.get_logger()


class Sweeper:
    """A part of the worker. `consumer` says why a consumer in this process is unready, if there is one."""

    name = "sweeper"

    def __init__(
        self,
        db: Database,
        sweep: Callable[[], Awaitable[int]],
        ends: Callable[[], Awaitable[Ends]],
        *,
        every_seconds: float,
        calm_seconds: float,
        group: str,
        consumer: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._db, self._sweep, self._ends, self._group = db, sweep, ends, group
        self._every, self._calm, self._consumer = every_seconds, calm_seconds, consumer
        self._seen: Ends | None = None
        self._calm_since: float | None = None
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self.paused: str | None = "just started"

    async def start(self) -> None:
        """Begin looking."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Finish the sweep in hand."""
        self._stop.set()
        if self._task is not None:
            await self._task

    def unready(self) -> str | None:
        """A paused sweeper is no reason to send no work: it is cautious, not broken."""
        return None

    def fault(self) -> str | None:
        """A loop that has ended without being told to."""
        died = self._task is not None and self._task.done() and not self._stop.is_set()
        return "the sweeper has stopped" if died else None

    async def look(self) -> int:
        """Sweep if it is calm; the number of holds looked at. Never raises."""
        try:
            self.paused = await self._unsafe()
            metrics.SWEEPER_PAUSED.set(self.paused is not None)
            return 0 if self.paused else await self._sweep()
        except Exception as error:
            self._calm_since = None
            self.paused = f"{type(error).__name__}: {error}"[:300]
            metrics.SWEEPER_PAUSED.set(1)
            log.warning("sweep_failed", error=self.paused)
            return 0

    async def _unsafe(self) -> str | None:
        """Why holds must not expire now, or None."""
        reason = self._consumer() or await self._behind()
        if reason is not None:
            self._calm_since = None
            return reason
        self._calm_since = self._calm_since or time.monotonic()
        calm = time.monotonic() - self._calm_since
        return None if calm >= self._calm else f"caught up for {calm:.0f} of {self._calm:.0f} s"

    async def _behind(self) -> str | None:
        """Whether something that was in Kafka at the last look is still unhandled."""
        seen, self._seen = self._seen, await self._ends()
        if seen is None:
            return "the first look"
        return await first_behind(self._db.pool, self._group, seen)

    async def _run(self) -> None:
        while not self._stop.is_set():
            before = self.paused
            await self.look()
            if self.paused != before and (self.paused is None or before is None):
                log.info("sweeper", paused=self.paused)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._every)
