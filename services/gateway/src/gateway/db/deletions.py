"""Deleting tasks: scrubbing what they were made of, and what has become old enough for it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from runtime.db import Connection, Tx

_SCRUB = """
WITH due AS (
    SELECT id, assets FROM tasks
    WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL AND finished_at IS NOT NULL
    ORDER BY id FOR NO KEY UPDATE
), revoked AS (
    UPDATE links SET revoked_at = coalesce(revoked_at, now())
    WHERE token IN (SELECT a->>'token' FROM due, json_array_elements(due.assets) AS a)
), emptied AS (
    UPDATE idempotency_keys k SET answer = NULL FROM tasks t, due
    WHERE t.id = due.id AND t.surface <> $2
      AND (k.account_id, k.surface, k.key) = (t.account_id, t.surface, t.idempotency_key)
)
UPDATE tasks t
SET deleted_at = now(), input = '{}', assets = NULL, webhook_url = NULL,
    completed_message = NULL, stored_message = NULL
FROM due WHERE t.id = due.id
RETURNING t.id AS task_id, t.account_id, t.deleted_at
"""
# The oldest ones first: as long as there are young ones among them there are no older ones behind.
_EXPIRED = """
SELECT t.id FROM accounts a, LATERAL (
    SELECT id, finished_at FROM tasks WHERE account_id = a.id AND deleted_at IS NULL ORDER BY id LIMIT $1
) AS t
WHERE a.retention_days IS NOT NULL AND t.finished_at < now() - a.retention_days * interval '1 day'
LIMIT $1
"""
_FORGET_KEYS = """
DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency_keys WHERE created_at < now() - $1::interval LIMIT $2 FOR UPDATE SKIP LOCKED
))
"""

_ANSWERS_WITHOUT_CONTENT = "v1"
"""The surface whose stored answers repeat nothing of the request; the others' go with the task."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A task that was deleted now."""

    task_id: UUID
    account_id: UUID
    deleted_at: datetime


async def scrub(tx: Tx, task_ids: Collection[UUID]) -> list[Deleted]:
    """Empty final tasks and revoke their links; those that were not deleted before. Others are left alone."""
    found = await tx.fetch(_SCRUB, list(task_ids), _ANSWERS_WITHOUT_CONTENT)
    return [Deleted(**row) for row in found]


async def expired(conn: Connection, most: int) -> list[UUID]:
    """Tasks that ended longer ago than their account's retention, at most so many."""
    return [row["id"] for row in await conn.fetch(_EXPIRED, most)]


async def forget_keys(tx: Tx, older_than: timedelta, most: int) -> int:
    """Delete old idempotency records; how many there were."""
    return await tx.execute(_FORGET_KEYS, older_than, most)
