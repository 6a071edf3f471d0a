"""How a task stands, for those who ask why it takes so long: no secret, nothing that a provider said."""

from typing import Any
from uuid import UUID

from runtime.db import Connection

_STATE = """
SELECT j.completed_at, j.outcome, j.error_code, j.cancel_requested_at, w.due_at AS next_at, w.tries,
       (SELECT json_agg(json_build_object(
            'number', a.n, 'state', a.status, 'provider', a.provider, 'protocol', a.protocol,
            'model', a.model, 'submitting_at', a.submitting_at, 'submitted_at', a.submitted_at,
            'polls', a.polls, 'polled_at', a.polled_at, 'error_class', a.error_class,
            'error_code', a.error_code, 'ended_at', a.ended_at) ORDER BY a.n)
        FROM attempts a WHERE a.task_id = j.task_id) AS attempts
FROM jobs j LEFT JOIN work w ON w.id = j.task_id AND w.kind = 'job'
WHERE j.task_id = $1
"""


async def read(conn: Connection, task_id: UUID) -> dict[str, Any] | None:
    """The job with its attempts, and when it is looked at next; None when it isn't known (yet)."""
    row = await conn.fetchrow(_STATE, task_id)
    return None if row is None else {**row, "attempts": row["attempts"] or []}
