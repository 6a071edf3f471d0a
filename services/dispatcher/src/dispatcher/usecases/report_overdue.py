"""Nothing waits in silence: how many jobs are still open past their deadline."""

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


async def report_overdue(db: Database) -> None:
    """Count them; past its deadline a job is open only while its outcome is uncertain."""
    count = await db.pool.fetchval(_OVERDUE)
    _GAUGE.set(count)
    if count:
        log.warning("jobs_overdue", count=count)
