"""Tasks of any account, as an operator looks for them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from runtime.db import Connection

from gateway.db.task_lists import MOST_SCANNED, Page
from gateway.db.tasks import VIEW_COLUMNS

_LAST = UUID(int=(1 << 128) - 1)
_COLUMNS = f"{VIEW_COLUMNS}, key_id, idempotency_key"
_NEWEST = "SELECT {columns} FROM tasks WHERE id < $1 {account} ORDER BY id DESC"
_PAGE = """
SELECT * FROM ({newest} LIMIT {scanned}) AS t
WHERE (cardinality($2::text[]) = 0 OR status = ANY($2))
  AND ($3::text IS NULL OR model = $3)
  AND ($4::text IS NULL OR strpos(lower(metadata::text), lower($4)) > 0)
  AND ($5::timestamptz IS NULL OR requested_at >= $5)
  AND ($6::timestamptz IS NULL OR requested_at < $6)
LIMIT $7
"""
_SEVERAL = f"SELECT {_COLUMNS} FROM tasks WHERE id = ANY($1::uuid[]) ORDER BY id DESC"


@dataclass(frozen=True, slots=True)
class Search:
    """Which tasks are wanted; None and nothing stand for any. `text` is looked for in the metadata."""

    account_id: UUID | None = None
    statuses: Sequence[str] = ()
    model: str | None = None
    text: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None

    def filters(self) -> str:
        """The same text for the same search."""
        return orjson.dumps(
            [
                "tasks",
                self.account_id,
                sorted(self.statuses),
                self.model,
                self.text,
                self.created_after,
                self.created_before,
            ]
        ).decode()


async def page(conn: Connection, search: Search, after: UUID | None, limit: int) -> Page:
    """At most `limit` tasks older than `after`, newest first; it may be short and not be the last one."""
    begin = after or _LAST
    given = [
        begin,
        list(search.statuses),
        search.model,
        search.text,
        search.created_after,
        search.created_before,
        limit + 1,
    ]
    account = "" if search.account_id is None else "AND account_id = $8 AND deleted_at IS NULL"
    newest = _NEWEST.format(columns=_COLUMNS, account=account)
    whose = [] if search.account_id is None else [search.account_id]
    found = await conn.fetch(_PAGE.format(newest=newest, scanned=MOST_SCANNED), *given, *whose)
    rows = [dict(row) for row in found]
    if len(rows) > limit:
        return Page(rows[:limit], rows[limit - 1]["id"])
    scanned = _NEWEST.format(columns="id", account=account.replace("$8", "$2"))
    further = await conn.fetchval(f"{scanned} OFFSET {MOST_SCANNED - 1} LIMIT 1", begin, *whose)
    return Page(rows, further)


async def several(conn: Connection, task_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Tasks by id, newest first, deleted ones too; unknown ones are left out."""
    return [dict(row) for row in await conn.fetch(_SEVERAL, list(task_ids))]
