"""Nothing waits in silence: a part that counts the jobs that are still open past their deadline."""

import asyncio
import contextlib

import structlog
from prometheus_client import Gauge
from runtime.db import Database

log = structlog.get_logger()

_OVERDUE = """
SELECT count(*) FROM work w JOIN jobs j ON j.task_id = w.id
WHERE w.kind = 'job' AND j.completed_at IS NULL AND j.settled_at IS NULL
  AND j.deadline < now() - interval '1 minute'
"""
_GAUGE = Gauge("dispatcher_jobs_overdue", "Open jobs more than a minute past their deadline")
PERIOD_SECONDS = 60.0


class ReportOverdue:
    """Looks once a minute; past its deadline a job is open only while its outcome is uncertain."""

    name = "overdue"

    def __init__(self, db: Database) -> None:
        self._db = db
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin looking."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def unready(self) -> str | None:
        """A report is no reason to refuse work."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    async def _run(self) -> None:
        while True:
            try:
                count = await self._db.pool.fetchval(_OVERDUE)
                _GAUGE.set(count)
                if count:
                    log.warning("jobs_overdue", count=count)
            except Exception as error:
                log.warning("overdue_unknown", error=repr(error)[:300])
            await asyncio.sleep(PERIOD_SECONDS)
