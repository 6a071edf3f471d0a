"""The operator's commands: reads only, as JSON."""

from typing import Any
from uuid import UUID

import asyncpg
import orjson
from contracts.ids import task_from_text, task_text
from runtime.db import prepare_connection

_TASK = "SELECT * FROM tasks WHERE task_id = $1"
_COPIES = "SELECT * FROM copies WHERE task_id = $1 ORDER BY attempt, index"
_WORK = "SELECT due_at, leased, tries FROM work WHERE kind = 'copy' AND id = $1"
_HIDDEN = frozenset({"task_id", "link_token"})  # who has the link has the file


async def copies(dsn: str, task: str) -> str | None:
    """A task with its copies and its work row; None if there is none. Raises ValueError for a bad id."""
    task_id = task_from_text(task) or UUID(task)
    conn = await asyncpg.connect(dsn)
    try:
        await prepare_connection(conn)
        row = await conn.fetchrow(_TASK, task_id)
        if row is None:
            return None
        found = [_shown(each) for each in await conn.fetch(_COPIES, task_id)]
        work = await conn.fetchrow(_WORK, task_id)
    finally:
        await conn.close()
    shown: dict[str, Any] = {"task": task_text(task_id), **_shown(row), "copies": found}
    shown["work"] = _shown(work) if work else None
    return orjson.dumps(shown, default=str, option=orjson.OPT_INDENT_2).decode()  # asyncpg's UUIDs


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name not in _HIDDEN and value is not None}
    if "url" in shown:
        shown["url"] = shown["url"].partition("?")[0]  # the query of a signed address opens the file
    return shown
