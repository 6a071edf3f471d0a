"""Attempts that a provider had taken, or may have: what its bill should name, and what it names."""

from collections.abc import Collection
from datetime import datetime

from runtime.db import Connection

from dispatcher.domain.reconciliation import Made

# Those that the bill names, whenever they were; and of its providers all of the time that it is about.
_TAKEN = """
SELECT a.task_id, a.n, a.provider, a.provider_job_id AS job_id, a.correlation, a.status, a.cost_micro,
       a.orphan, j.settled_outcome AS closed
FROM attempts a JOIN jobs j ON j.task_id = a.task_id
WHERE a.provider = ANY($1::text[])
  AND (regexp_replace(a.provider_job_id, '^.*/', '') = ANY($2::text[]) OR a.correlation = ANY($3::text[])
       OR a.provider_job_id IS NOT NULL AND a.submitting_at BETWEEN $4 AND $5)
ORDER BY a.submitting_at
"""


async def taken(
    conn: Connection,
    providers: Collection[str],
    job_ids: Collection[str],
    correlations: Collection[str],
    since: datetime,
    until: datetime,
) -> list[Made]:
    """The attempts at these providers that were taken in that time, and those of these jobs.

    Jobs by their ids as bills have them, and by what we called them.
    """
    found = await conn.fetch(_TAKEN, list(providers), list(job_ids), list(correlations), since, until)
    return [Made(**dict(row)) for row in found]
