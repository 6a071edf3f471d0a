"""Deleted tasks: what they were about is forgotten, that they were told of is not."""

from collections.abc import Collection
from uuid import UUID

from runtime.db import Tx

_REMEMBER = "INSERT INTO deleted_tasks (task_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING"
_AMONG = "SELECT task_id FROM deleted_tasks WHERE task_id = ANY($1::uuid[])"
_MESSAGES = "UPDATE messages SET data = NULL WHERE task_id = ANY($1::uuid[]) AND data IS NOT NULL"
_RESPONSES = """
UPDATE delivery_attempts a SET response = NULL
FROM deliveries d JOIN messages m ON m.id = d.message_id
WHERE m.task_id = ANY($1::uuid[]) AND a.delivery_id = d.id AND a.response IS NOT NULL
"""
_WEBHOOKS = "DELETE FROM webhooks WHERE task_id = ANY($1::uuid[])"
_FORGET = """
DELETE FROM deleted_tasks WHERE task_id IN (
    SELECT task_id FROM deleted_tasks WHERE deleted_at < now() - make_interval(days => $1)
    ORDER BY deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
"""


async def scrub(tx: Tx, task_ids: Collection[UUID]) -> None:
    """Remember that they are deleted; forget their documents, what was answered, and providers' webhooks."""
    for statement in (_REMEMBER, _MESSAGES, _RESPONSES, _WEBHOOKS):
        await tx.execute(statement, list(task_ids))


async def among(tx: Tx, task_ids: Collection[UUID]) -> set[UUID]:
    """Which of these tasks were deleted."""
    return {row["task_id"] for row in await tx.fetch(_AMONG, list(task_ids))} if task_ids else set()


async def forget(tx: Tx, days: int, limit: int) -> int:
    """Forget up to `limit` that are older; how many went."""
    return await tx.execute(_FORGET, days, limit)
