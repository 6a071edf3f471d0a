"""Once an hour the old webhooks are forgotten."""

import asyncio
import contextlib

import structlog
from runtime.db import Database

from callbacks.usecases.forget_webhooks import forget_webhooks

log = structlog.get_logger()

EVERY_SECONDS = 3600.0


class Retention:
    """A part of the process."""

    name = "retention"

    def __init__(self, db: Database, *, days: int) -> None:
        self._db, self._days = db, days
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, at once and then every hour."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """End; what is left is forgotten next time."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def unready(self) -> str | None:
        """Being late with it keeps nobody waiting."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    async def _run(self) -> None:
        while True:
            try:
                gone = await forget_webhooks(self._db, self._days)
                if gone:
                    log.info("webhooks_forgotten", count=gone)
            except Exception as error:
                log.warning("retention_failed", error=f"{type(error).__name__}: {error}"[:300])
            await asyncio.sleep(EVERY_SECONDS)
