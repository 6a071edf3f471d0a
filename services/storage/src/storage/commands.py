"""The operator's commands."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from contracts.ids import task_from_text, task_text
from runtime.db import prepare_connection

from storage.outbound.objects import open_store
from storage.settings import Settings
from storage.usecases.sweep_orphans import sweep_orphans

_TASK = "SELECT * FROM tasks WHERE task_id = $1"
_COPIES = "SELECT * FROM copies WHERE task_id = $1 ORDER BY attempt, index"
_WORK = "SELECT due_at, leased, tries FROM work WHERE kind = 'copy' AND id = $1"
_HIDDEN = frozenset({"task_id", "link_token"})  # who has the link has the file


async def sweep(settings: Settings, hours: float, *, delete: bool, say: Callable[[str], None]) -> int:
    """Say what is orphaned in the bucket, a line each; how many there were. Raises ObjectStoreError."""
    conn = await asyncpg.connect(settings.database_dsn.get_secret_value())
    before, count = datetime.now(UTC) - timedelta(hours=hours), 0
    try:
        async with open_store(settings.store()) as store:
            async for orphan in sweep_orphans(conn, store, before, delete=delete):
                size = "unfinished" if orphan.size_bytes is None else f"{orphan.size_bytes} bytes"
                say(f"{orphan.since:%Y-%m-%d %H:%M}  {orphan.key}  {size}")
                count += 1
    finally:
        await conn.close()
    return count


async def bucket(settings: Settings) -> str:
    """Make the bucket unless it is there; a sentence about it. Raises ObjectStoreError."""
    async with open_store(settings.store()) as store:
        return f"{store.bucket} {'was made' if await store.make_bucket() else 'is there'}"


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
