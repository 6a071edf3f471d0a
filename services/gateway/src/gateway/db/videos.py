"""Lists of an account's tasks of some models, in both directions, with what was asked."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from runtime.db import Connection

from gateway.db.tasks import VIEW_COLUMNS

_COLUMNS = f"{VIEW_COLUMNS}, input"
_ONE = f"SELECT {_COLUMNS} FROM tasks WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL"
_SEVERAL = f"SELECT {_COLUMNS} FROM tasks WHERE account_id = $1 AND id = ANY($2::uuid[])"
_NEWEST = f"""
SELECT {_COLUMNS} FROM tasks
WHERE account_id = $1 AND deleted_at IS NULL AND model = ANY($2::text[]) AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""
_OLDEST = f"""
SELECT {_COLUMNS} FROM tasks
WHERE account_id = $1 AND deleted_at IS NULL AND model = ANY($2::text[]) AND ($3::uuid IS NULL OR id > $3)
ORDER BY id LIMIT $4
"""


async def one(conn: Connection, account_id: UUID, task_id: UUID) -> dict[str, Any] | None:
    """An account's task, unless it was deleted."""
    row = await conn.fetchrow(_ONE, account_id, task_id)
    return None if row is None else dict(row)


async def several(
    conn: Connection, account_id: UUID, task_ids: Collection[UUID]
) -> dict[UUID, dict[str, Any]]:
    """An account's tasks by id; unknown ones are left out."""
    return {row["id"]: dict(row) for row in await conn.fetch(_SEVERAL, account_id, list(task_ids))}


async def page(
    conn: Connection,
    account_id: UUID,
    models: Collection[str],
    after: UUID | None,
    limit: int,
    *,
    oldest_first: bool,
) -> list[dict[str, Any]]:
    """At most `limit` tasks of these models that come after one, by the time of their requests."""
    sql = _OLDEST if oldest_first else _NEWEST
    return [dict(row) for row in await conn.fetch(sql, account_id, list(models), after, limit)]
