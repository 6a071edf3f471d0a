"""Balances: the rows whose lock is the lock of everything an account has."""

from collections.abc import Collection, Iterable
from uuid import UUID

from contracts.money import CREDIT
from runtime.db import Tx, rows

from ledger.domain.books import Balance

Key = tuple[UUID, str]

# Missing rows are made first, in order, so that accounts without a cent can be locked too.
_OPEN = """
INSERT INTO balances (account_id, asset)
SELECT account_id, asset FROM json_to_recordset($1::json) AS r(account_id uuid, asset text)
ORDER BY account_id, asset
ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT account_id, asset, available_micro, held_micro, version, moved_at FROM balances
WHERE account_id = ANY($1::uuid[])
ORDER BY account_id, asset
FOR UPDATE
"""
_AT = """
SELECT r.account_id, r.asset, coalesce(t.available_micro, 0) AS available_micro,
       coalesce(t.held_micro, 0) AS held_micro, r.version, coalesce(t.recorded_at, '-infinity') AS moved_at
FROM json_to_recordset($1::json) AS r(account_id uuid, asset text, version bigint)
LEFT JOIN transfers t ON t.account_id = r.account_id AND t.asset = r.asset AND t.version = r.version
"""


async def lock(tx: Tx, accounts: Collection[UUID], opened: Iterable[Key]) -> list[Balance]:
    """Lock all balances of the accounts, in order, opening those in `opened` that aren't there yet."""
    wanted = {(account, CREDIT) for account in accounts} | set(opened)
    await tx.execute(_OPEN, rows({"account_id": account, "asset": asset} for account, asset in wanted))
    return [Balance(*row) for row in await tx.fetch(_LOCK, list(accounts))]


async def at_versions(tx: Tx, keys: Iterable[tuple[UUID, str, int]]) -> list[Balance]:
    """The balances right after the named versions; version 1 is the opening, with nothing."""
    asked = rows({"account_id": account, "asset": asset, "version": v} for account, asset, v in keys)
    return [Balance(*row) for row in await tx.fetch(_AT, asked)]
