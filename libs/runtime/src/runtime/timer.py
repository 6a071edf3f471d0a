"""A part that runs something every few seconds."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()


class Timer:
    """Calls a use case again and again; an error is logged and the next turn is as good as any."""

    def __init__(self, name: str, run: Callable[[], Awaitable[object]], every_seconds: float) -> None:
        self.name = name
        self._run, self._every = run, every_seconds
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._turns(), name=self.name)

    async def stop(self) -> None:
        """Finish the turn in hand."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    def unready(self) -> str | None:
        """Never in the way of traffic."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    async def _turns(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._run()
            except Exception:
                log.exception("timer_failed", timer=self.name)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._every)
