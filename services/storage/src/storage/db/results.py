"""What tries came to: final words, stored copies, faults."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from runtime.db import Tx, rows

from storage.domain.copy import Fault, GiveUp
from storage.domain.task import Stored, StoredCopy, Task

# Whoever ends a task first has the word; everybody else's update finds no row.
_END = """
UPDATE tasks t SET ended_at = now(), outcome = r.outcome, error_code = r.error_code,
                   error_message = r.error_message
FROM json_to_recordset($1::json) AS r(task_id uuid, outcome text, error_code text, error_message text)
WHERE t.task_id = r.task_id AND t.ended_at IS NULL
RETURNING t.task_id, t.ended_at
"""

_KEEP_COPIES = """
INSERT INTO copies AS c (task_id, attempt, index, kind, role, object_key, link_token, file_name, content_type,
                         size_bytes, sha256, width, height, duration_ms, has_audio, stored_at)
SELECT task_id, attempt, index, kind, role, object_key, link_token, file_name, content_type,
       size_bytes, sha256, width, height, duration_ms, has_audio, now()
FROM json_to_recordset($1::json) AS r(
    task_id uuid, attempt int, index int, kind text, role text, object_key text, link_token text,
    file_name text, content_type text, size_bytes bigint, sha256 text, width int, height int,
    duration_ms bigint, has_audio bool)
ON CONFLICT (task_id, attempt, index) DO UPDATE SET
    object_key = excluded.object_key, link_token = excluded.link_token, file_name = excluded.file_name,
    content_type = excluded.content_type, size_bytes = excluded.size_bytes, sha256 = excluded.sha256,
    width = excluded.width, height = excluded.height, duration_ms = excluded.duration_ms,
    has_audio = excluded.has_audio, stored_at = excluded.stored_at
"""

_KEEP_FAULTS = """
UPDATE tasks t SET fault_code = r.code, fault_message = r.message, fault_count = r.count
FROM json_to_recordset($1::json) AS r(task_id uuid, code text, message text, count int)
WHERE t.task_id = r.task_id AND t.ended_at IS NULL
"""


async def end(tx: Tx, ends: Iterable[tuple[Task, Stored | GiveUp]]) -> dict[UUID, datetime]:
    """Say the last word on tasks; when each of those ended that had not ended before."""
    found = await tx.fetch(_END, rows(_end_row(task, result) for task, result in ends))
    return {row["task_id"]: row["ended_at"] for row in found}


async def keep_copies(tx: Tx, stored: Sequence[tuple[Task, Stored]]) -> None:
    """Write down where the files are."""
    copies = [_copy_row(task, copy) for task, result in stored for copy in result.copies]
    if copies:
        await tx.execute(_KEEP_COPIES, rows(copies))


async def keep_faults(tx: Tx, faults: Sequence[tuple[Task, Fault]]) -> None:
    """Write down why tries failed."""
    given = [
        {"task_id": t.task_id, "code": f.code, "message": f.message, "count": t.faults(f.code)}
        for t, f in faults
    ]
    if given:
        await tx.execute(_KEEP_FAULTS, rows(given))


def _end_row(task: Task, result: Stored | GiveUp) -> dict[str, Any]:
    if isinstance(result, Stored):
        return {"task_id": task.task_id, "outcome": "stored"}
    return {
        "task_id": task.task_id,
        "outcome": "failed",
        "error_code": result.code,
        "error_message": result.message,
    }


def _copy_row(task: Task, copy: StoredCopy) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "attempt": task.fact.attempt,
        "index": copy.index,
        "kind": copy.kind,
        "role": copy.role,
        "object_key": copy.object_key,
        "link_token": copy.link_token,
        "file_name": copy.file_name,
        "content_type": copy.content_type,
        "size_bytes": copy.size_bytes,
        "sha256": copy.sha256,
        "width": copy.width,
        "height": copy.height,
        "duration_ms": copy.duration_ms,
        "has_audio": copy.has_audio,
    }
