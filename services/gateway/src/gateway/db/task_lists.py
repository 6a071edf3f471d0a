"""Lists of an account's tasks: pages by filter, several by id, who waits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from runtime.db import Connection

from gateway.db.tasks import VIEW_COLUMNS

MOST_SCANNED = 5000
"""Rows that one page looks at: a filter that matches nothing must not read an account's whole past."""
_LAST = UUID(int=(1 << 128) - 1)

_PAGE = f"""
SELECT * FROM (
    SELECT {VIEW_COLUMNS} FROM tasks
    WHERE account_id = $1 AND deleted_at IS NULL AND id < $2
    ORDER BY id DESC LIMIT {MOST_SCANNED}
) AS t
WHERE (cardinality($3::text[]) = 0 OR status = ANY($3))
  AND ($4::text IS NULL OR model = $4)
  AND ($5::timestamptz IS NULL OR requested_at >= $5)
  AND ($6::timestamptz IS NULL OR requested_at < $6)
  AND ($7::jsonb IS NULL OR metadata::jsonb @> $7)
  AND ($8::text IS NULL OR asset = $8)
LIMIT $9
"""
_SCANNED = f"""
SELECT id FROM tasks WHERE account_id = $1 AND deleted_at IS NULL AND id < $2
ORDER BY id DESC OFFSET {MOST_SCANNED - 1} LIMIT 1
"""
_SEVERAL = f"SELECT {VIEW_COLUMNS} FROM tasks WHERE id = ANY($1::uuid[]) AND account_id = $2"
_WAITING = f"""
SELECT id FROM (
    SELECT id, submitted_at, finished_at FROM tasks
    WHERE account_id = $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT {MOST_SCANNED}
) AS t
WHERE submitted_at IS NULL AND finished_at IS NULL ORDER BY id
"""
_UNFINISHED = f"""
SELECT id, status, percent, model, finished_at FROM (
    SELECT id, status, percent, model, finished_at FROM tasks
    WHERE account_id = $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT {MOST_SCANNED}
) AS t
WHERE finished_at IS NULL LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which tasks are wanted; None and nothing stand for any. `created_before` is exclusive."""

    statuses: Sequence[str] = ()
    model: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    asset: str | None = None

    def text(self) -> str:
        """The same text for the same filters."""
        values = (sorted(self.statuses), self.model, self.created_after, self.created_before)
        return orjson.dumps([*values, dict(self.metadata), self.asset], option=orjson.OPT_SORT_KEYS).decode()


@dataclass(frozen=True, slots=True)
class Page:
    """Some tasks, newest first, and the id to go on after; None when there are no more."""

    rows: Sequence[dict[str, Any]]
    after: UUID | None


async def page(conn: Connection, account_id: UUID, filters: Filters, after: UUID | None, limit: int) -> Page:
    """At most `limit` tasks older than `after`. A page may be short, or empty, and not be the last one."""
    begin = after or _LAST
    metadata = orjson.dumps(dict(filters.metadata)).decode() if filters.metadata else None
    found = await conn.fetch(
        _PAGE,
        account_id,
        begin,
        list(filters.statuses),
        filters.model,
        filters.created_after,
        filters.created_before,
        metadata,
        filters.asset,
        limit + 1,
    )
    rows = [dict(row) for row in found]
    if len(rows) > limit:
        return Page(rows[:limit], rows[limit - 1]["id"])
    return Page(rows, await conn.fetchval(_SCANNED, account_id, begin))


async def several(
    conn: Connection, account_id: UUID, task_ids: Collection[UUID]
) -> dict[UUID, dict[str, Any]]:
    """An account's tasks by id; those that it hasn't are left out."""
    return {row["id"]: dict(row) for row in await conn.fetch(_SEVERAL, list(task_ids), account_id)}


async def waiting(conn: Connection, account_id: UUID) -> list[UUID]:
    """The account's tasks that no provider has yet, oldest first, among its newest ones."""
    return [row["id"] for row in await conn.fetch(_WAITING, account_id)]


async def unfinished(conn: Connection, account_id: UUID, most: int) -> list[dict[str, Any]]:
    """The account's tasks that are not final, newest first, among its newest ones."""
    return [dict(row) for row in await conn.fetch(_UNFINISHED, account_id, most)]
