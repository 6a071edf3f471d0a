"""Deleted tasks: what is known of their results, and forgetting it."""

from collections.abc import Sequence
from uuid import UUID

from runtime.db import Connection, Tx, rows

from storage.domain.task import Deleted

_ADD = """
INSERT INTO deletions (task_id, deleted_at)
SELECT task_id, deleted_at FROM json_to_recordset($1::json) AS r(task_id uuid, deleted_at timestamptz)
ON CONFLICT (task_id) DO NOTHING
RETURNING task_id
"""
# A worker that still copies finds the task ended and removes its objects.
_END = """
UPDATE tasks SET ended_at = now(), outcome = 'failed', error_code = 'deleted'
WHERE task_id = $1 AND ended_at IS NULL
"""
_OBJECTS = "SELECT object_key FROM copies WHERE task_id = $1 AND object_key IS NOT NULL"
_FORGET_COPIES = "DELETE FROM copies WHERE task_id = $1"
_FORGET_TASK = "UPDATE tasks SET fault_message = NULL, error_message = NULL WHERE task_id = $1"
_ERASED = "UPDATE deletions SET erased_at = now() WHERE task_id = $1"


async def add(tx: Tx, facts: Sequence[Deleted]) -> list[Deleted]:
    """Write down what is to be forgotten; what was not written down yet."""
    found = await tx.fetch(
        _ADD, rows({"task_id": each.task_id, "deleted_at": each.deleted_at} for each in facts)
    )
    new = {row["task_id"] for row in found}
    return [fact for fact in facts if fact.task_id in new]


async def end(tx: Tx, task_id: UUID) -> None:
    """See to it that nothing more is stored for the task."""
    await tx.execute(_END, task_id)


async def objects(conn: Connection, task_id: UUID) -> list[str]:
    """The keys of the task's objects."""
    return [row["object_key"] for row in await conn.fetch(_OBJECTS, task_id)]


async def forget(tx: Tx, task_id: UUID) -> None:
    """Scrub the rows; the task's own row stays, without what was said of it."""
    for statement in (_FORGET_COPIES, _FORGET_TASK, _ERASED):
        await tx.execute(statement, task_id)
