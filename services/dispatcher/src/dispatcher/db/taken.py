"""Attempts that a provider had taken: what its bill should name."""

from collections.abc import Collection
from datetime import datetime

from runtime.db import Connection

from dispatcher.domain.reconciliation import Made

# Those that the bill names, whenever they were; and of its providers all of the time that it is about.
_TAKEN = """
SELECT a.task_id, a.n, a.provider, a.provider_job_id AS job_id, a.status, a.cost_micro, a.orphan,
       j.settled_outcome AS closed
FROM attempts a JOIN jobs j ON j.task_id = a.task_id
WHERE a.provider = ANY($1::text[]) AND a.provider_job_id IS NOT NULL
  AND (a.provider_job_id = ANY($2::text[]) OR a.submitting_at BETWEEN $3 AND $4)
ORDER BY a.submitting_at
"""


async def taken(
    conn: Connection, providers: Collection[str], job_ids: Collection[str], since: datetime, until: datetime
) -> list[Made]:
    """The attempts at these providers that were begun in that time, and those with these jobs."""
    found = await conn.fetch(_TAKEN, list(providers), list(job_ids), since, until)
    return [Made(**dict(row)) for row in found]
