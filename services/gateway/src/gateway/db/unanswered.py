"""Tasks that wait in silence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from runtime.db import Connection, Tx

from gateway.domain.admission import Submission

LATE_COMMIT = timedelta(minutes=1)
"""A row may become visible this long after the time it bears; the statement timeout is well below."""
PHASES = ("requested", "frozen", "submitted", "completed", "stored")

# The range on requested_at is what the BRIN index serves; a task is dead for the ledger after two days.
_OPEN = """
SELECT min(requested_at) AS oldest,
       count(*) FILTER (WHERE deadline < now() - interval '1 minute') AS overdue,
       (array_agg(id ORDER BY deadline) FILTER (WHERE deadline < now() - interval '1 minute'))[1:5] AS latest,
       extract(epoch FROM now() - min(requested_at) FILTER (WHERE frozen_at IS NULL))::float8 AS unanswered,
       count(*) FILTER (WHERE phase = 'requested') AS requested,
       count(*) FILTER (WHERE phase = 'frozen') AS frozen,
       count(*) FILTER (WHERE phase = 'submitted') AS submitted,
       count(*) FILTER (WHERE phase = 'completed') AS completed,
       count(*) FILTER (WHERE phase = 'stored') AS stored
FROM (
    SELECT id, requested_at, deadline, frozen_at,
           CASE WHEN stored_at IS NOT NULL THEN 'stored'
                WHEN completed_at IS NOT NULL THEN 'completed'
                WHEN submitted_at IS NOT NULL OR processing_at IS NOT NULL THEN 'submitted'
                WHEN frozen_at IS NOT NULL THEN 'frozen'
                ELSE 'requested' END AS phase
    FROM tasks
    WHERE requested_at >= greatest($1::timestamptz, now() - interval '49 hours')
      AND finished_at IS NULL
) AS open
"""

_REPEAT = """
WITH due AS (
    SELECT id FROM tasks
    WHERE requested_at >= greatest($1::timestamptz, now() - interval '49 hours')
      AND frozen_at IS NULL AND closed_at IS NULL
      AND repeated_at < now() - $2::interval AND repeat <= $3
    ORDER BY requested_at LIMIT $4
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE tasks t SET repeat = t.repeat + 1, repeated_at = now()
FROM due WHERE t.id = due.id
RETURNING t.id AS task_id, t.account_id, t.asset, t.key_id, t.model, t.input, t.derive, t.quote_micro,
          t.price_rule, t.surface, t.request_id, t.fingerprint, t.idempotency_key, t.traceparent,
          t.requested_at, t.deadline, t.repeat, t.metadata, t.webhook_url,
          extract(epoch FROM t.deadline - t.requested_at)::int AS deadline_seconds
"""


@dataclass(frozen=True, slots=True)
class Open:
    """Tasks without an end: when the oldest was requested, how many are past their deadline, some of them.

    `phases` counts them by the last fact known; `unanswered_seconds` is the age of the oldest one without a
    hold, 0 if all have theirs.
    """

    oldest: datetime | None
    overdue: int
    examples: Sequence[Any]
    phases: Mapping[str, int]
    unanswered_seconds: float


@dataclass(frozen=True, slots=True)
class Repeat:
    """A task to be requested again."""

    submission: Submission
    requested_at: datetime
    deadline: datetime
    repeat: int


async def still_open(conn: Connection, since: datetime) -> Open:
    """What is not finished among the tasks requested since."""
    row = await conn.fetchrow(_OPEN, since)
    assert row is not None, "an aggregate has a row"
    phases = {phase: row[phase] for phase in PHASES}
    return Open(row["oldest"], row["overdue"], row["latest"] or (), phases, row["unanswered"] or 0.0)


async def take_repeats(tx: Tx, since: datetime, after: timedelta, limit: int, most: int) -> list[Repeat]:
    """Count another request for tasks that nobody answered, at most `limit` repeats for each."""
    return [_repeat(row) for row in await tx.fetch(_REPEAT, since, after, limit, most)]


def _repeat(row: asyncpg.Record) -> Repeat:
    values = dict(row)
    requested_at, deadline = values.pop("requested_at"), values.pop("deadline")
    repeat = values.pop("repeat")
    return Repeat(Submission(**values), requested_at, deadline, repeat)
