"""What an account and a task have been through, for people."""

from uuid import UUID

import asyncpg
from runtime.db import Connection

_BALANCES = """
SELECT asset, available_micro, held_micro, version, moved_at FROM balances
WHERE account_id = $1 ORDER BY asset
"""
_COLUMNS = """version, asset, kind, debit, credit, amount_micro, available_micro, held_micro, lot,
       coalesce(task_id, change_id) AS cause, event_at, recorded_at"""
_LAST = f"""
SELECT h.* FROM balances b, LATERAL (
    SELECT {_COLUMNS} FROM transfers t WHERE t.account_id = b.account_id AND t.asset = b.asset
    ORDER BY version DESC LIMIT $2
) AS h
WHERE b.account_id = $1 ORDER BY recorded_at DESC, version DESC LIMIT $2
"""
_TASK = "SELECT * FROM tasks WHERE task_id = $1"
_OF_TASK = f"""
SELECT {_COLUMNS} FROM transfers
WHERE account_id = $1 AND asset = $2 AND version BETWEEN $3 AND coalesce($4, 9223372036854775807)
  AND task_id = $5
ORDER BY version
"""


async def balances_of(conn: Connection, account_id: UUID) -> list[asyncpg.Record]:
    """The account's balances, one per asset."""
    return await conn.fetch(_BALANCES, account_id)


async def last_transfers(conn: Connection, account_id: UUID, limit: int) -> list[asyncpg.Record]:
    """The account's last transfers, newest first."""
    return await conn.fetch(_LAST, account_id, limit)


async def find_task(conn: Connection, task_id: UUID) -> asyncpg.Record | None:
    """The task's row, or None."""
    return await conn.fetchrow(_TASK, task_id)


async def transfers_of(conn: Connection, task: asyncpg.Record) -> list[asyncpg.Record]:
    """The transfers of a task, found between the versions of its hold and its outcome."""
    if task["frozen_version"] is None:
        return []
    return await conn.fetch(
        _OF_TASK,
        task["account_id"],
        task["asset"],
        task["frozen_version"],
        task["closed_version"],
        task["task_id"],
    )
