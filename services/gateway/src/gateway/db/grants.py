"""Grants."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from runtime.db import Connection, Tx

_INSERT = """
INSERT INTO grants (id, account_id, asset, amount_micro, kind, reason) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO NOTHING RETURNING granted_at
"""
_CONTENT = "SELECT account_id, asset, amount_micro, kind, reason FROM grants WHERE id = $1"
_ANSWERED = """
UPDATE grants SET answered_at = now() WHERE id = ANY($1::uuid[]) AND answered_at IS NULL
RETURNING account_id, asset, amount_micro
"""
_PAGE = """
SELECT id, account_id, asset, amount_micro, kind, reason, granted_at, answered_at FROM grants
WHERE account_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""
_ONE = """
SELECT id, account_id, asset, amount_micro, kind, reason, granted_at, answered_at FROM grants WHERE id = $1
"""


async def insert(
    tx: Tx, grant_id: UUID, account_id: UUID, asset: str, amount_micro: int, kind: str, reason: str
) -> datetime | None:
    """Write a grant; its time, or None when there is one of this id."""
    at: datetime | None = await tx.fetchval(_INSERT, grant_id, account_id, asset, amount_micro, kind, reason)
    return at


async def content(tx: Tx, grant_id: UUID) -> tuple[UUID, str, int, str, str]:
    """What a grant says, without its time."""
    row = await tx.fetchrow(_CONTENT, grant_id)
    assert row is not None, "it was met by an insert"
    return row["account_id"], row["asset"], row["amount_micro"], row["kind"], row["reason"]


async def answered(tx: Tx, grant_ids: Collection[UUID]) -> list[asyncpg.Record]:
    """Mark grants as answered; account, asset and amount of those that were not before."""
    return await tx.fetch(_ANSWERED, list(grant_ids)) if grant_ids else []


async def page(conn: Connection, account_id: UUID, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """An account's grants, newest first, before one's id."""
    return [dict(row) for row in await conn.fetch(_PAGE, account_id, before, limit)]


async def read(conn: Connection, grant_id: UUID) -> dict[str, Any]:
    """A grant that there is."""
    row = await conn.fetchrow(_ONE, grant_id)
    assert row is not None, "it was made before"
    return dict(row)
