"""API keys: only their hashes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from runtime.db import Connection, Tx, rows

_FIND = """
SELECT k.hash, k.id, k.account_id, k.asset, a.role, k.disabled_at IS NOT NULL AS disabled,
       coalesce(k.expires_at <= now(), false) AS expired, k.scopes, k.requests_per_minute,
       k.spend_cap_micro IS NOT NULL AS capped, a.tier, a.max_live_tasks,
       a.status AS account_status
FROM api_keys k JOIN accounts a ON a.id = k.account_id
WHERE k.hash = ANY($1::bytea[]) AND k.deleted_at IS NULL
"""
# It waits for nobody: whoever holds several keys' locks took them in order, and this would not.
_TOUCH = """
UPDATE api_keys SET last_used_at = now() WHERE id = ANY(ARRAY(
    SELECT id FROM api_keys
    WHERE id = ANY($1::uuid[]) AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
    FOR NO KEY UPDATE SKIP LOCKED
))
"""
_INSERT = """
INSERT INTO api_keys (id, account_id, prefix, hash, name, asset, scopes, expires_at,
                      requests_per_minute, spend_cap_micro)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (hash) DO NOTHING
"""
_BY_HASH = "SELECT id, account_id, name, asset, disabled_at, deleted_at FROM api_keys WHERE hash = $1"
_SHOWN = """
    id, account_id, prefix, name, asset, scopes, created_at, last_used_at, expires_at, disabled_at,
    requests_per_minute, spend_cap_micro, CASE WHEN spend_cap_micro IS NULL THEN NULL ELSE committed_micro END
    AS committed_micro
"""
_LIST = f"""
SELECT {_SHOWN} FROM api_keys
WHERE ($1::uuid IS NULL OR account_id = $1) AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""
_ONE = f"SELECT {_SHOWN} FROM api_keys WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL"
_LOCK = f"{_ONE} FOR NO KEY UPDATE"
_CHANGE = """
UPDATE api_keys
SET name = $2, scopes = $3, expires_at = $4, requests_per_minute = $5, spend_cap_micro = $6,
    disabled_at = CASE WHEN $7 THEN coalesce(disabled_at, now()) END
WHERE id = $1
"""
# What its tasks cost: open ones by their quotes, closed ones by their charges.
_COMMIT = """
UPDATE api_keys SET committed_micro = coalesce(
    (SELECT sum(coalesce(t.charged_micro, t.quote_micro)) FROM tasks t
     WHERE t.account_id = api_keys.account_id AND t.key_id = api_keys.id), 0)
WHERE id = $1
"""
_DELETE = """
UPDATE api_keys SET deleted_at = now(), disabled_at = coalesce(disabled_at, now())
WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL
"""
# In one order everywhere, after the accounts' locks.
_LEFT = """
SELECT id, spend_cap_micro - committed_micro AS left_micro FROM api_keys
WHERE id = ANY($1::uuid[]) AND spend_cap_micro IS NOT NULL ORDER BY id FOR NO KEY UPDATE
"""
_GIVE_BACK = """
UPDATE api_keys k SET committed_micro = greatest(k.committed_micro - r.micro, 0)
FROM json_to_recordset($1::json) AS r(id uuid, micro bigint)
WHERE k.id = r.id AND k.spend_cap_micro IS NOT NULL
"""
_COUNT = "SELECT count(*) FROM api_keys WHERE account_id = $1 AND deleted_at IS NULL"
_DISABLE = "UPDATE api_keys SET disabled_at = coalesce(disabled_at, now()) WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a key speaks for."""

    key_id: UUID
    account_id: UUID
    asset: str
    role: str
    tier: str
    max_live_tasks: int | None
    """The account's own limit; None: its tier's."""
    scopes: frozenset[str]
    requests_per_minute: int | None
    capped: bool
    """Whether the key may spend only so much; the submit asks how much is left."""
    disabled: bool
    expired: bool
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
            max_live_tasks=row["max_live_tasks"],
            scopes=frozenset(row["scopes"]),
            requests_per_minute=row["requests_per_minute"],
            capped=row["capped"],
            disabled=row["disabled"],
            expired=row["expired"],
            account_active=row["account_status"] == "active",
        )
        for row in found
    }


async def touch(conn: Connection, key_ids: Sequence[UUID]) -> None:
    """Remember that keys were used, to the minute."""
    await conn.execute(_TOUCH, list(key_ids))


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be changed about a key. None where there is no bound; amounts in micro-credits."""

    name: str
    scopes: Sequence[str]
    expires_at: datetime | None = None
    requests_per_minute: int | None = None
    spend_cap_micro: int | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be kept. `prefix` is what may be shown of it."""

    id: UUID
    account_id: UUID
    prefix: str
    hash: bytes
    asset: str
    terms: Terms


async def insert(tx: Tx, key: NewKey) -> bool:
    """Keep a key; False when its hash was there."""
    terms = key.terms
    return (
        await tx.execute(
            _INSERT,
            key.id,
            key.account_id,
            key.prefix,
            key.hash,
            terms.name,
            key.asset,
            list(terms.scopes),
            terms.expires_at,
            terms.requests_per_minute,
            terms.spend_cap_micro,
        )
        == 1
    )


async def by_hash(tx: Tx, digest: bytes) -> dict[str, Any] | None:
    """The key with this hash, or None."""
    row = await tx.fetchrow(_BY_HASH, digest)
    return None if row is None else dict(row)


async def page(conn: Connection, account_id: UUID | None) -> list[dict[str, Any]]:
    """The keys of an account, or of all."""
    return [dict(row) for row in await conn.fetch(_LIST, account_id)]


async def count(tx: Tx, account_id: UUID) -> int:
    """How many keys an account has."""
    found: int = await tx.fetchval(_COUNT, account_id)
    return found


async def of_account(conn: Connection, account_id: UUID, key_id: UUID) -> dict[str, Any] | None:
    """An account's key as it may be shown; None if it isn't there."""
    row = await conn.fetchrow(_ONE, account_id, key_id)
    return None if row is None else dict(row)


async def lock(tx: Tx, account_id: UUID, key_id: UUID) -> dict[str, Any] | None:
    """An account's key as it may be shown, locked; None if it isn't there."""
    row = await tx.fetchrow(_LOCK, account_id, key_id)
    return None if row is None else dict(row)


async def change(tx: Tx, key_id: UUID, terms: Terms, *, disabled: bool) -> None:
    """Write a key's terms, and whether it is disabled."""
    await tx.execute(
        _CHANGE,
        key_id,
        terms.name,
        list(terms.scopes),
        terms.expires_at,
        terms.requests_per_minute,
        terms.spend_cap_micro,
        disabled,
    )


async def count_spending(tx: Tx, key_id: UUID) -> None:
    """Add up what a key's tasks cost: when it gets its first cap."""
    await tx.execute(_COMMIT, key_id)


async def left(tx: Tx, key_ids: Collection[UUID]) -> dict[UUID, int]:
    """What capped keys may still spend, in micro-credits, locked until the end of the transaction."""
    if not key_ids:
        return {}
    return {row["id"]: row["left_micro"] for row in await tx.fetch(_LEFT, list(key_ids))}


async def give_back(tx: Tx, unspent: Mapping[UUID, int]) -> None:
    """Take what closed tasks cost less than their quotes off what their keys have committed."""
    if unspent:
        await tx.execute(_GIVE_BACK, rows({"id": key, "micro": micro} for key, micro in unspent.items()))


async def delete(tx: Tx, account_id: UUID, key_id: UUID) -> bool:
    """Delete an account's key: it is never found again, its tasks stay. False if it isn't there."""
    return await tx.execute(_DELETE, account_id, key_id) == 1


async def disable(tx: Tx, key_id: UUID) -> bool:
    """Disable a key for good; False if it is unknown."""
    return await tx.execute(_DISABLE, key_id) == 1
