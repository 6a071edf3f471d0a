"""Accounts."""

from dataclasses import astuple, dataclass
from typing import Any
from uuid import UUID

from runtime.db import Connection, Tx

_INSERT = """
INSERT INTO accounts (id, name, tier, role) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING
"""
_BALANCES = """
INSERT INTO balances (account_id, asset) VALUES ($1, 'credit'), ($1, 'test') ON CONFLICT DO NOTHING
"""
_SHOWN = "id, name, tier, role, status, retention_days, max_live_tasks, created_at"
_READ = f"SELECT {_SHOWN} FROM accounts WHERE id = $1"
_LOCK = f"{_READ} FOR NO KEY UPDATE"
_CHANGE = """
UPDATE accounts SET name = $2, tier = $3, status = $4, retention_days = $5, max_live_tasks = $6, role = $7
WHERE id = $1
"""
_SEARCH = f"""
SELECT {_SHOWN} FROM accounts
WHERE ($1::uuid IS NULL OR id < $1) AND ($2::text IS NULL OR name ILIKE $2)
  AND ($3::text IS NULL OR tier = $3) AND ($4::text IS NULL OR status = $4)
ORDER BY id DESC LIMIT $5
"""
_LIST = "SELECT id, name, tier, role, status, created_at FROM accounts ORDER BY id LIMIT $1"


async def insert(tx: Tx, account_id: UUID, name: str, tier: str, role: str = "user") -> bool:
    """Make an account with its empty balances; False if it was there."""
    made = await tx.execute(_INSERT, account_id, name, tier, role)
    await tx.execute(_BALANCES, account_id)
    return made == 1


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """What an operator sets of an account."""

    name: str
    tier: str
    status: str
    """active or disabled."""
    retention_days: int | None
    """After how many days its tasks are deleted; None: never."""
    max_live_tasks: int | None
    """None: its tier's."""
    role: str
    """user or admin: what all its keys may do."""


async def lock(tx: Tx, account_id: UUID) -> dict[str, Any] | None:
    """An account, until the end of the transaction; None if there is none."""
    row = await tx.fetchrow(_LOCK, account_id)
    return None if row is None else dict(row)


async def change(tx: Tx, account_id: UUID, terms: AccountTerms) -> None:
    """Write what is set of it."""
    await tx.execute(_CHANGE, account_id, *astuple(terms))


async def search(
    conn: Connection, before: UUID | None, text: str | None, tier: str | None, status: str | None, limit: int
) -> list[dict[str, Any]]:
    """Accounts, newest first: whose names contain a text, of a tier, of a status."""
    pattern = None if text is None else f"%{_escaped(text)}%"
    return [dict(row) for row in await conn.fetch(_SEARCH, before, pattern, tier, status, limit)]


async def read(conn: Connection | Tx, account_id: UUID) -> dict[str, Any] | None:
    """An account, or None."""
    row = await conn.fetchrow(_READ, account_id)
    return None if row is None else dict(row)


async def page(conn: Connection, limit: int) -> list[dict[str, Any]]:
    """The first accounts by id."""
    return [dict(row) for row in await conn.fetch(_LIST, limit)]


def _escaped(text: str) -> str:
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return text
