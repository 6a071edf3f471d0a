"""Tasks: the projection's rows."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from runtime.db import Connection, Tx, rows

from gateway.domain.facts import Stored
from gateway.domain.projection import Attempt, Task

_FACT_COLUMNS: Sequence[tuple[str, str]] = (
    ("seq", "int"),
    ("status", "text"),
    ("cancel_requested_at", "timestamptz"),
    ("frozen_at", "timestamptz"),
    ("submitted_at", "timestamptz"),
    ("processing_at", "timestamptz"),
    ("percent", "smallint"),
    ("attempts", "json"),
    ("completed_at", "timestamptz"),
    ("completed_outcome", "text"),
    ("completed_code", "text"),
    ("completed_message", "text"),
    ("completed_provider", "text"),
    ("cost_micro", "bigint"),
    ("stored_at", "timestamptz"),
    ("stored_outcome", "text"),
    ("stored_code", "text"),
    ("stored_message", "text"),
    ("assets", "json"),
    ("closed_at", "timestamptz"),
    ("closed_outcome", "text"),
    ("closed_reason", "text"),
    ("charged_micro", "bigint"),
    ("finished_at", "timestamptz"),
)
_NAMES = ", ".join(name for name, _ in _FACT_COLUMNS)

# Locked: a client's cancel takes the next number of the history too.
_READ = f"""
SELECT id, account_id, asset, quote_micro, key_id, deleted_at, {_NAMES} FROM tasks
WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""

_WRITE = f"""
UPDATE tasks t SET {", ".join(f"{name} = r.{name}" for name, _ in _FACT_COLUMNS)}
FROM json_to_recordset($1::json) AS r(id uuid, {", ".join(f"{name} {kind}" for name, kind in _FACT_COLUMNS)})
WHERE t.id = r.id
"""

VIEW_COLUMNS = f"""
    id, account_id, asset, model, quote_micro, request_id, surface, requested_at, deadline, metadata,
    webhook_url, deleted_at, {_NAMES}
"""
"""What a task's document is made of."""
_VIEW = f"SELECT {VIEW_COLUMNS} FROM tasks WHERE id = $1 AND account_id = $2"

_VIEWS = f"SELECT {VIEW_COLUMNS}, traceparent FROM tasks WHERE id = ANY($1::uuid[])"

_LINKS = """
INSERT INTO links (token, task_id, bucket, object_key, file_name, content_type, size_bytes, sha256)
SELECT token, task_id, bucket, object_key, file_name, content_type, size_bytes, sha256
FROM json_to_recordset($1::json) AS r(token text, task_id uuid, bucket text, object_key text, file_name text,
                                      content_type text, size_bytes bigint, sha256 text)
ON CONFLICT (token) DO NOTHING
"""


async def read(tx: Tx, task_ids: Collection[UUID]) -> dict[UUID, Task]:
    """The tasks as they are known, locked; unknown ones are left out."""
    if not task_ids:
        return {}
    return {row["id"]: _task(row) for row in await tx.fetch(_READ, list(task_ids))}


async def write(tx: Tx, tasks: Iterable[Task]) -> None:
    """Write the fact columns of tasks that changed."""
    items = [_row(task) for task in tasks]
    if items:
        await tx.execute(_WRITE, rows(items))


async def view(conn: Connection, task_id: UUID, account_id: UUID) -> dict[str, Any] | None:
    """An account's task with what was asked and what is known; None when it has no such task."""
    row = await conn.fetchrow(_VIEW, task_id, account_id)
    return None if row is None else dict(row)


async def views(tx: Tx, task_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Tasks with what was asked and what is known, whosever they are."""
    return [dict(row) for row in await tx.fetch(_VIEWS, list(task_ids))] if task_ids else []


async def link(tx: Tx, stored: Iterable[Stored]) -> None:
    """Make the result links of stored tasks."""
    items = [
        {
            "token": asset.token,
            "task_id": fact.task_id,
            "bucket": asset.bucket,
            "object_key": asset.object_key,
            "file_name": asset.file_name,
            "content_type": asset.content_type,
            "size_bytes": asset.size_bytes,
            "sha256": asset.sha256,
        }
        for fact in stored
        for asset in fact.assets
    ]
    if items:
        await tx.execute(_LINKS, rows(items))


def _task(row: asyncpg.Record) -> Task:
    values = dict(row)
    values["attempts"] = tuple(
        Attempt(each["number"], each["provider"], datetime.fromisoformat(each["submitted_at"]))
        for each in values["attempts"]
    )
    if values["assets"] is not None:
        values["assets"] = tuple(values["assets"])
    return Task(**values)


def _row(task: Task) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(task, name) for name, _ in _FACT_COLUMNS}
    row["id"] = task.id
    row["attempts"] = [asdict(attempt) for attempt in task.attempts]
    return row
