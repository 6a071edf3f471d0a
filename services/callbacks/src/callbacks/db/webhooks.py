"""The table of webhooks."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from runtime.db import Connection, Tx

from callbacks.domain.webhook import Stored, Webhook

# Arrays and not one JSON parameter: bodies are bytes, up to a megabyte each, and JSON would double them.
_INSERT = """
INSERT INTO webhooks (id, provider, account_id, task_id, attempt, provider_job_id, final, headers, body,
                      body_hash, signed)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::int[], $6::text[], $7::bool[],
                     $8::jsonb[], $9::bytea[], $10::bytea[], $11::bool[])
ON CONFLICT (task_id, attempt, provider, body_hash) DO NOTHING
RETURNING id, received_at, (
    SELECT true FROM webhooks e
    WHERE (e.task_id, e.attempt, e.provider, e.provider_job_id)
        = (webhooks.task_id, webhooks.attempt, webhooks.provider, webhooks.provider_job_id)
    LIMIT 1  -- EXISTS may be answered by a hash of the whole table
) IS NOT NULL AS lead_known
"""

_OF_TASK = """
SELECT id, provider, attempt, provider_job_id, final, headers, body, body_hash, received_at
FROM webhooks WHERE task_id = $1 ORDER BY received_at, id
"""

_DELETE_OLD = """
DELETE FROM webhooks WHERE id IN (
    SELECT id FROM webhooks WHERE received_at < now() - make_interval(days => $1)
    ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
"""


async def insert(tx: Tx, webhooks: Sequence[Webhook]) -> list[Stored]:
    """Store those that are new; these, in the order given.

    In key order, so that two processes that store the same repeats never wait for each other in a circle.
    """
    items = sorted(webhooks, key=_natural_key)
    found = await tx.fetch(
        _INSERT,
        [w.id for w in items],
        [w.reference.provider for w in items],
        [w.reference.account_id for w in items],
        [w.reference.task_id for w in items],
        [w.reference.attempt for w in items],
        [w.provider_job_id for w in items],
        [w.final for w in items],
        [dict(w.headers) for w in items],
        [w.body for w in items],
        [w.body_hash for w in items],
        [w.signed for w in items],
    )
    new = {row["id"]: row for row in found}
    return [Stored(w, new[w.id]["received_at"], new[w.id]["lead_known"]) for w in webhooks if w.id in new]


async def of_task(conn: Connection, task_id: UUID) -> list[asyncpg.Record]:
    """Everything that came in for a task, oldest first."""
    return await conn.fetch(_OF_TASK, task_id)


async def delete_older_than(tx: Tx, days: int, limit: int) -> int:
    """Forget up to `limit` of the webhooks that are older; how many went."""
    return await tx.execute(_DELETE_OLD, days, limit)


def _natural_key(webhook: Webhook) -> tuple[bytes, int, str, bytes]:
    reference = webhook.reference
    task = b"" if reference.task_id is None else reference.task_id.bytes
    return task, reference.attempt or 0, reference.provider, webhook.body_hash
