"""The log of deliveries, as its owner sees it, and asking for them again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from runtime.db import Connection, Tx

_COLUMNS = """
d.id, d.message_id, m.type, m.task_id, d.endpoint_id, coalesce(d.url, e.url) AS url, d.state, d.reason,
d.round, d.attempts, d.last_status, d.next_at, d.created_at, d.ended_at
"""
_FROM = """
FROM deliveries d JOIN messages m ON m.id = d.message_id LEFT JOIN endpoints e ON e.id = d.endpoint_id
"""
_PAGE = f"""
SELECT {_COLUMNS} {_FROM}
WHERE d.account_id = $1 AND ($2::uuid IS NULL OR d.id < $2) AND ($3::text IS NULL OR d.state = $3)
  AND ($4::text IS NULL OR m.type = $4) AND ($5::uuid IS NULL OR d.endpoint_id = $5)
  AND ($6::uuid IS NULL OR m.task_id = $6) AND ($7::timestamptz IS NULL OR d.created_at >= $7)
  AND ($8::timestamptz IS NULL OR d.created_at < $8)
ORDER BY d.id DESC LIMIT $9
"""
_ONE = f"SELECT {_COLUMNS}, m.at, m.data {_FROM} WHERE d.account_id = $1 AND d.id = $2"
_ATTEMPTS = """
SELECT number, at, status, error, latency_ms, response FROM delivery_attempts
WHERE delivery_id = $1 ORDER BY number DESC LIMIT 100
"""

# A new round; one that is under way already is only made due, by its row of work.
_AGAIN = """
UPDATE deliveries SET state = 'pending', reason = NULL, ended_at = NULL, next_at = now(),
    round = round + 1, round_began_at = now(), round_attempts = 0
WHERE account_id = $1 AND id = $2 AND state <> 'pending'
"""
_RANGE_AGAIN = """
WITH picked AS (
    SELECT id FROM deliveries
    WHERE account_id = $1 AND endpoint_id = $2 AND created_at >= $3
      AND created_at < coalesce($4::timestamptz, now())
      AND (state = 'given_up' OR state = 'delivered' AND $5)
    ORDER BY created_at LIMIT $6 FOR UPDATE
)
UPDATE deliveries d SET state = 'pending', reason = NULL, ended_at = NULL, next_at = now(),
    round = round + 1, round_began_at = now(), round_attempts = 0
FROM picked WHERE d.id = picked.id RETURNING d.id
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """What part of the log is wanted; None: any. `before` is the id to go on after."""

    before: UUID | None = None
    state: str | None = None
    type: str | None = None
    endpoint_id: UUID | None = None
    task_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


async def page(conn: Connection, account_id: UUID, wanted: Filter, limit: int) -> list[dict[str, Any]]:
    """An account's deliveries, newest first."""
    found = await conn.fetch(
        _PAGE,
        account_id,
        wanted.before,
        wanted.state,
        wanted.type,
        wanted.endpoint_id,
        wanted.task_id,
        wanted.since,
        wanted.until,
        limit,
    )
    return [dict(row) for row in found]


async def find(conn: Connection | Tx, account_id: UUID, delivery_id: UUID) -> dict[str, Any] | None:
    """An account's delivery with its message, or None."""
    row = await conn.fetchrow(_ONE, account_id, delivery_id)
    return None if row is None else dict(row)


async def attempts(conn: Connection, delivery_id: UUID) -> list[dict[str, Any]]:
    """The newest attempts, newest first."""
    return [dict(row) for row in await conn.fetch(_ATTEMPTS, delivery_id)]


async def again(tx: Tx, account_id: UUID, delivery_id: UUID) -> bool:
    """Begin a new round of a delivery that has ended; False when it hasn't."""
    return await tx.execute(_AGAIN, account_id, delivery_id) == 1


async def range_again(
    tx: Tx,
    account_id: UUID,
    endpoint_id: UUID,
    *,
    since: datetime,
    until: datetime | None,
    everything: bool,
    limit: int,
) -> list[UUID]:
    """Begin a new round of what was given up (or of everything that has ended) in a time range."""
    values: tuple[Any, ...] = (account_id, endpoint_id, since, until, everything, limit)
    return [row["id"] for row in await tx.fetch(_RANGE_AGAIN, *values)]
