"""Listeners: endpoints without an address, which fetch their news."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from runtime.db import Connection, Tx

_TOUCH = "UPDATE endpoints SET polled_at = now() WHERE account_id = $1 AND id = $2 AND url IS NULL"
_ACKNOWLEDGE = """
UPDATE deliveries SET state = 'delivered', ended_at = now(), attempts = attempts + 1
WHERE endpoint_id = $1 AND id = ANY($2::uuid[]) AND state = 'pending'
"""
_NEWS = """
SELECT d.id, d.message_id, m.type, m.at, m.data
FROM deliveries d JOIN messages m ON m.id = d.message_id
WHERE d.endpoint_id = $1 AND d.state = 'pending' AND m.data IS NOT NULL
ORDER BY d.created_at, d.id LIMIT $2
"""
_END_NEWS = """
UPDATE deliveries d SET state = 'given_up', reason = 'endpoint_deleted', ended_at = now()
FROM endpoints e
WHERE e.account_id = $1 AND e.id = $2 AND e.url IS NULL AND d.endpoint_id = e.id AND d.state = 'pending'
"""


async def touch(tx: Tx, account_id: UUID, listener_id: UUID) -> bool:
    """Note that it still asks; False when there is none."""
    return await tx.execute(_TOUCH, account_id, listener_id) == 1


async def acknowledge(tx: Tx, listener_id: UUID, delivery_ids: Sequence[UUID]) -> None:
    """These have arrived."""
    if delivery_ids:
        await tx.execute(_ACKNOWLEDGE, listener_id, list(delivery_ids))


async def news(conn: Connection, listener_id: UUID, limit: int) -> list[dict[str, Any]]:
    """What has not arrived yet, oldest first."""
    return [dict(row) for row in await conn.fetch(_NEWS, listener_id, limit)]


async def end_news(tx: Tx, account_id: UUID, listener_id: UUID) -> None:
    """Give up what it has not fetched."""
    await tx.execute(_END_NEWS, account_id, listener_id)
