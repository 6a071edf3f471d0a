"""Accounts."""

from typing import Any
from uuid import UUID

from runtime.db import Connection, Tx

_INSERT = "INSERT INTO accounts (id, name, tier) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING"
_BALANCES = """
INSERT INTO balances (account_id, asset) VALUES ($1, 'credit'), ($1, 'test') ON CONFLICT DO NOTHING
"""
_READ = "SELECT id, name, tier, status, retention_days, created_at FROM accounts WHERE id = $1"
_RETENTION = "UPDATE accounts SET retention_days = $2 WHERE id = $1"
_LIST = "SELECT id, name, tier, status, created_at FROM accounts ORDER BY id LIMIT $1"


async def insert(tx: Tx, account_id: UUID, name: str, tier: str) -> bool:
    """Make an account with its empty balances; False if it was there."""
    made = await tx.execute(_INSERT, account_id, name, tier)
    await tx.execute(_BALANCES, account_id)
    return made == 1


async def keep_for(tx: Tx, account_id: UUID, days: int | None) -> bool:
    """Set after how many days its tasks are deleted, None: never; False if there is no such account."""
    return await tx.execute(_RETENTION, account_id, days) == 1


async def read(conn: Connection | Tx, account_id: UUID) -> dict[str, Any] | None:
    """An account, or None."""
    row = await conn.fetchrow(_READ, account_id)
    return None if row is None else dict(row)


async def page(conn: Connection, limit: int) -> list[dict[str, Any]]:
    """The first accounts by id."""
    return [dict(row) for row in await conn.fetch(_LIST, limit)]
