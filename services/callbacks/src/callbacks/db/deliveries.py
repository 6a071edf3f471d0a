"""Deliveries and their attempts, as the worker sees them."""

from collections.abc import Iterable
from typing import Final, Literal
from uuid import UUID

from runtime.db import Connection, Tx, rows

from callbacks.domain.delivery import Answer, Ended, Told
from callbacks.domain.errand import Errand
from callbacks.domain.signing import Secrets

State = Literal["delivered", "given_up"]
DELIVERED: Final[State] = "delivered"
GIVEN_UP: Final[State] = "given_up"

_LOAD = """
SELECT d.id, d.account_id, d.message_id, m.type, m.task_id, m.at, m.data, d.endpoint_id,
       coalesce(d.url, e.url) AS url, e.disabled_at IS NOT NULL AS disabled, d.state = 'pending' AS pending,
       d.round, d.round_attempts, d.attempts, m.traceparent, now() AS now,
       extract(epoch FROM now() - d.round_began_at)::float8 AS age,
       coalesce(extract(epoch FROM now() - e.failing_since), 0)::float8 AS failing,
       coalesce(d.endpoint_id, d.account_id) AS owner_id, coalesce(s.generation, 1) AS generation,
       coalesce(s.previous_until > now(), false) AS previous
FROM deliveries d
JOIN messages m ON m.id = d.message_id
LEFT JOIN endpoints e ON e.id = d.endpoint_id
LEFT JOIN signing_secrets s ON s.owner_id = coalesce(d.endpoint_id, d.account_id)
WHERE d.id = $1
"""

_ATTEMPTED = """
WITH counted AS (
    UPDATE deliveries SET attempts = attempts + 1, round_attempts = round_attempts + 1,
        last_status = $2, next_at = now() + make_interval(secs => $6)
    WHERE id = $1 RETURNING id, attempts
)
INSERT INTO delivery_attempts (delivery_id, number, status, error, latency_ms, response)
SELECT id, attempts, $2, $3, $4, $5 FROM counted RETURNING number
"""

_END = """
UPDATE deliveries SET state = $2, reason = $3, ended_at = now(), next_at = NULL
WHERE id = $1 AND state = 'pending'
RETURNING round, attempts, last_status, ended_at
"""

# A message that is not known yet comes by Kafka once more, and finds its delivery made.
_RESTORE = """
INSERT INTO deliveries AS d (id, message_id, account_id, endpoint_id, url, state, reason, round, attempts,
                             last_status, ended_at)
SELECT id, message_id, account_id, endpoint_id, CASE WHEN endpoint_id IS NULL THEN url END,
       CASE WHEN reason IS NULL THEN 'delivered' ELSE 'given_up' END, reason, round, attempts, last_status,
       ended_at
FROM json_to_recordset($1::json) AS r(id uuid, message_id uuid, account_id uuid, endpoint_id uuid, url text,
                                      reason text, round int, attempts int, last_status int,
                                      ended_at timestamptz)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason, round = excluded.round,
    attempts = greatest(d.attempts, excluded.attempts), last_status = excluded.last_status,
    ended_at = excluded.ended_at, next_at = NULL
WHERE d.round < excluded.round OR (d.round = excluded.round AND d.state = 'pending')
"""


async def load(conn: Connection, delivery_id: UUID) -> Errand | None:
    """Everything that an attempt needs; None when the delivery is gone."""
    row = await conn.fetchrow(_LOAD, delivery_id)
    if row is None:
        return None
    values = dict(row)
    secrets = Secrets(values.pop("owner_id"), values.pop("generation"), values.pop("previous"))
    return Errand(**values, secrets=secrets)


async def attempted(tx: Tx, delivery_id: UUID, answer: Answer, delay: float | None) -> None:
    """Log an attempt; `delay` in seconds until the next one, if there is to be one."""
    values = (answer.status, answer.error, answer.latency_ms, answer.excerpt or None, delay)
    await tx.fetchval(_ATTEMPTED, delivery_id, *values)


async def end(tx: Tx, delivery_id: UUID, state: State, reason: str | None) -> Ended | None:
    """End a round as `delivered` or `given_up`; None when it has ended already."""
    row = await tx.fetchrow(_END, delivery_id, state, reason)
    if row is None:
        return None
    return Ended(row["round"], row["attempts"], row["last_status"], reason, row["ended_at"])


async def restore(tx: Tx, told: Iterable[Told]) -> None:
    """Write down ends that were told of before; what has gone on since stays."""
    await tx.execute(_RESTORE, rows(_told(each) for each in told))


def _told(told: Told) -> dict[str, object]:
    return {
        "id": told.delivery_id,
        "message_id": told.message_id,
        "account_id": told.account_id,
        "endpoint_id": told.endpoint_id,
        "url": told.url,
        "reason": told.ended.reason,
        "round": told.ended.round,
        "attempts": told.ended.attempts,
        "last_status": told.ended.status,
        "ended_at": told.ended.at,
    }
