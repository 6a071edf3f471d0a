"""API keys: only their hashes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from runtime.db import Connection, Tx

_FIND = """
SELECT k.hash, k.id, k.account_id, k.asset, k.role, k.disabled_at IS NOT NULL AS disabled,
       a.tier, a.status AS account_status
FROM api_keys k JOIN accounts a ON a.id = k.account_id
WHERE k.hash = ANY($1::bytea[])
"""
_TOUCH = """
UPDATE api_keys SET last_used_at = now()
WHERE id = ANY($1::uuid[]) AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""
_INSERT = """
INSERT INTO api_keys (id, account_id, prefix, hash, name, asset, role) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (hash) DO NOTHING
"""
_BY_HASH = "SELECT id, account_id, name, asset, role, disabled_at FROM api_keys WHERE hash = $1"
_LIST = """
SELECT id, account_id, prefix, name, asset, role, created_at, disabled_at, last_used_at
FROM api_keys WHERE $1::uuid IS NULL OR account_id = $1 ORDER BY id LIMIT 1000
"""
_DISABLE = "UPDATE api_keys SET disabled_at = coalesce(disabled_at, now()) WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a key speaks for."""

    key_id: UUID
    account_id: UUID
    asset: str
    role: str
    tier: str
    disabled: bool
    account_active: bool


async def find(conn: Connection, hashes: Sequence[bytes]) -> dict[bytes, Caller]:
    """The callers behind hashes; unknown ones are left out."""
    found = await conn.fetch(_FIND, list(hashes))
    return {
        bytes(row["hash"]): Caller(
            key_id=row["id"],
            account_id=row["account_id"],
            asset=row["asset"],
            role=row["role"],
            tier=row["tier"],
            disabled=row["disabled"],
            account_active=row["account_status"] == "active",
        )
        for row in found
    }


async def touch(conn: Connection, key_ids: Sequence[UUID]) -> None:
    """Remember that keys were used, to the minute."""
    await conn.execute(_TOUCH, list(key_ids))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be kept. `prefix` is what may be shown of it."""

    id: UUID
    account_id: UUID
    prefix: str
    hash: bytes
    name: str
    asset: str
    role: str


async def insert(tx: Tx, key: NewKey) -> bool:
    """Keep a key; False when its hash was there."""
    values = (key.id, key.account_id, key.prefix, key.hash, key.name, key.asset, key.role)
    return await tx.execute(_INSERT, *values) == 1


async def by_hash(tx: Tx, digest: bytes) -> dict[str, Any] | None:
    """The key with this hash, or None."""
    row = await tx.fetchrow(_BY_HASH, digest)
    return None if row is None else dict(row)


async def page(conn: Connection, account_id: UUID | None) -> list[dict[str, Any]]:
    """The keys of an account, or of all."""
    return [dict(row) for row in await conn.fetch(_LIST, account_id)]


async def disable(tx: Tx, key_id: UUID) -> bool:
    """Disable a key for good; False if it is unknown."""
    return await tx.execute(_DISABLE, key_id) == 1
