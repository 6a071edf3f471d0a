"""Messages, whom they go to, and the deliveries that they become."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from runtime.db import Tx, rows

from callbacks.domain.news import Message, NewDelivery

# An endpoint is told what happened after it was made; the minutes are for the clocks of two services.
_TARGETS = """
SELECT r.id AS message_id, e.id AS endpoint_id, e.url IS NULL AS pulled
FROM json_to_recordset($1::json) AS r(id uuid, account_id uuid, type text, at timestamptz)
JOIN endpoints e ON e.account_id = r.account_id AND e.disabled_at IS NULL
    AND (e.events = '{}' OR r.type = ANY(e.events)) AND e.created_at < r.at + interval '5 minutes'
ORDER BY e.id
"""

_INSERT = """
INSERT INTO messages (id, account_id, type, task_id, at, data, traceparent)
SELECT id, account_id, type, task_id, at, data, traceparent
FROM json_to_recordset($1::json)
    AS r(id uuid, account_id uuid, type text, task_id uuid, at timestamptz, data json, traceparent text)
ON CONFLICT (id) DO NOTHING RETURNING id
"""

_DELIVER = """
INSERT INTO deliveries (id, message_id, account_id, endpoint_id, url)
SELECT id, message_id, account_id, endpoint_id, url
FROM json_to_recordset($1::json)
    AS r(id uuid, message_id uuid, account_id uuid, endpoint_id uuid, url text)
ON CONFLICT (message_id, endpoint_id) DO NOTHING RETURNING id
"""

_FORGET = """
WITH old AS (
    SELECT m.id FROM messages m WHERE m.created_at < now() - make_interval(days => $1)
      AND NOT EXISTS (SELECT FROM deliveries d WHERE d.message_id = m.id AND d.state = 'pending')
      AND NOT EXISTS (SELECT FROM deliveries d WHERE d.message_id = m.id
                      AND d.round_began_at >= now() - make_interval(days => $1))
    ORDER BY m.created_at LIMIT $2 FOR UPDATE SKIP LOCKED
), deliveries_gone AS (
    DELETE FROM deliveries d USING old WHERE d.message_id = old.id RETURNING d.id
), attempts_gone AS (
    DELETE FROM delivery_attempts a USING deliveries_gone g WHERE a.delivery_id = g.id
)
DELETE FROM messages m USING old WHERE m.id = old.id
"""


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint that wants a message; `pulled` when it fetches its news itself."""

    message_id: UUID
    endpoint_id: UUID
    pulled: bool


async def targets(tx: Tx, messages: Sequence[Message]) -> list[Target]:
    """The enabled endpoints that each message goes to."""
    given = rows({"id": m.id, "account_id": m.account_id, "type": m.type, "at": m.at} for m in messages)
    return [Target(**row) for row in await tx.fetch(_TARGETS, given)]


async def insert(tx: Tx, messages: Sequence[Message]) -> set[UUID]:
    """Keep messages; the ids of those that were not there."""
    given = rows(
        {
            "id": m.id,
            "account_id": m.account_id,
            "type": m.type,
            "task_id": m.task_id,
            "at": m.at,
            "data": m.data,
            "traceparent": m.traceparent,
        }
        for m in messages
    )
    return {row["id"] for row in await tx.fetch(_INSERT, given)}


async def deliver(tx: Tx, deliveries: Sequence[NewDelivery]) -> set[UUID]:
    """Write down what is to be delivered; the ids of what was not there."""
    given = rows(
        {
            "id": d.id,
            "message_id": d.message_id,
            "account_id": d.account_id,
            "endpoint_id": d.endpoint_id,
            "url": d.url,
        }
        for d in deliveries
    )
    return {row["id"] for row in await tx.fetch(_DELIVER, given)}


async def forget(tx: Tx, days: int, limit: int) -> int:
    """Forget up to `limit` messages that are older and have no delivery under way; how many went."""
    return await tx.execute(_FORGET, days, limit)
