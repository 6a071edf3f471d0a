"""How a task stands, for those who ask why it takes so long: no secret, nothing that a provider said."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from runtime.db import Connection

_STATES = """
SELECT j.task_id::text, j.completed_at, j.outcome, j.error_code, j.cancel_requested_at,
       w.due_at AS next_at, w.tries,
       (SELECT json_agg(json_build_object(
            'number', a.n, 'state', a.status, 'provider', a.provider, 'protocol', a.protocol,
            'model', a.model, 'submitting_at', a.submitting_at, 'submitted_at', a.submitted_at,
            'polls', a.polls, 'polled_at', a.polled_at, 'error_class', a.error_class,
            'error_code', a.error_code, 'ended_at', a.ended_at) ORDER BY a.n)
        FROM attempts a WHERE a.task_id = j.task_id) AS attempts
FROM jobs j LEFT JOIN work w ON w.id = j.task_id AND w.kind = 'job'
WHERE j.task_id = ANY($1::uuid[])
"""
# A provider's job id alone: one step of the index per provider and key, then one look-up in each.
_BY_JOB = """
WITH RECURSIVE places AS (
    (SELECT provider, credential_id FROM attempts WHERE provider_job_id IS NOT NULL
     ORDER BY provider, credential_id LIMIT 1)
    UNION ALL
    SELECT n.provider, n.credential_id FROM places p, LATERAL (
        SELECT provider, credential_id FROM attempts
        WHERE provider_job_id IS NOT NULL AND (provider, credential_id) > (p.provider, p.credential_id)
        ORDER BY provider, credential_id LIMIT 1) AS n
)
SELECT a.task_id FROM places p
JOIN attempts a ON a.provider = p.provider AND a.credential_id = p.credential_id AND a.provider_job_id = $1
ORDER BY a.task_id
"""


async def of_provider_job(conn: Connection, provider_job_id: str) -> list[UUID]:
    """The tasks of which an attempt is this job of a provider, whichever it is."""
    return [row["task_id"] for row in await conn.fetch(_BY_JOB, provider_job_id)]


async def read(conn: Connection, task_ids: Collection[UUID]) -> dict[str, dict[str, Any]]:
    """The jobs with their attempts, and when they are looked at next; unknown ones are left out."""
    found = await conn.fetch(_STATES, list(task_ids))
    return {row["task_id"]: {**row, "attempts": row["attempts"] or []} for row in found}
