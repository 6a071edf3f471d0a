"""Balances: the ledger's last word and what it has not answered yet."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from runtime.db import Connection, Tx, rows

from gateway.domain.admission import ASSETS, Purse
from gateway.domain.facts import Balance

# In one order everywhere, so that nobody waits for each other in a circle.
_LOCK = """
SELECT b.account_id, b.asset, b.available_micro - b.pending_micro AS spendable, b.live_tasks, now() AS now
FROM balances b
WHERE (b.account_id, b.asset) IN
      (SELECT r.account_id, r.asset FROM json_to_recordset($1::json) AS r(account_id uuid, asset text))
ORDER BY b.account_id, b.asset
FOR NO KEY UPDATE
"""

_ANSWER = """
UPDATE balances b
SET available_micro = CASE WHEN r.version > b.version THEN r.available_micro ELSE b.available_micro END,
    held_micro = CASE WHEN r.version > b.version THEN r.held_micro ELSE b.held_micro END,
    version = greatest(b.version, r.version),
    pending_micro = b.pending_micro - r.answered_micro, live_tasks = b.live_tasks - r.finished
FROM json_to_recordset($1::json)
     AS r(account_id uuid, asset text, available_micro bigint, held_micro bigint, version bigint,
          answered_micro bigint, finished integer)
WHERE b.account_id = r.account_id AND b.asset = r.asset
"""

_READ = """
SELECT b.available_micro, b.held_micro, b.pending_micro, a.tier
FROM balances b JOIN accounts a ON a.id = b.account_id
WHERE b.account_id = $1 AND b.asset = $2
"""

_LIVE = "SELECT coalesce(sum(live_tasks), 0)::integer FROM balances WHERE account_id = $1"

_ADD_PENDING = """
UPDATE balances SET pending_micro = pending_micro + $3 WHERE account_id = $1 AND asset = $2
"""

_NEWLY_LOW = """
UPDATE balances b SET low = b.available_micro < a.credits_low_micro
FROM accounts a
WHERE b.account_id = ANY($1::uuid[]) AND b.asset = 'credit' AND a.id = b.account_id
  AND b.low <> (b.available_micro < a.credits_low_micro)
RETURNING b.account_id, b.available_micro, a.credits_low_micro AS threshold_micro, now() AS at, b.low
"""


@dataclass(frozen=True, slots=True)
class Locked:
    """What the locked accounts can still spend, how many of their tasks are unfinished, and the
    transaction's time (None if none was there)."""

    spendable: dict[Purse, int]
    live: dict[Purse, int]
    now: datetime | None


async def lock(tx: Tx, purses: Collection[Purse]) -> Locked:
    """Lock the balances until the end of the transaction; missing ones are left out."""
    if not purses:
        return Locked({}, {}, None)
    wanted = rows({"account_id": account, "asset": asset} for account, asset in purses)
    found = await tx.fetch(_LOCK, wanted)
    spendable = {(row["account_id"], row["asset"]): row["spendable"] for row in found}
    live = {(row["account_id"], row["asset"]): row["live_tasks"] for row in found}
    return Locked(spendable, live, found[0]["now"] if found else None)


async def lock_account(tx: Tx, account_id: UUID) -> None:
    """Let nobody submit or be answered for the account, with either asset, until the transaction ends.

    Before any other lock: everybody takes balances, keys, the account and tasks in this order.
    """
    await lock(tx, [(account_id, asset) for asset in ASSETS])


async def answer(
    tx: Tx, balances: Iterable[Balance], answered: Mapping[Purse, int], finished: Mapping[Purse, int]
) -> None:
    """Take the newest of the balances, what has been answered off the pending amounts, and the number of
    tasks that are finished now off the unfinished ones."""
    newest: dict[Purse, Balance] = {}
    for balance in balances:
        purse = balance.account_id, balance.asset
        if purse not in newest or balance.version > newest[purse].version:
            newest[purse] = balance
    purses = {**newest, **answered, **finished}
    items = [_row(each, newest.get(each), answered.get(each, 0), finished.get(each, 0)) for each in purses]
    if items:
        await tx.execute(_ANSWER, rows(items))


def _row(purse: Purse, balance: Balance | None, answered_micro: int, finished: int) -> dict[str, Any]:
    return {
        "account_id": purse[0],
        "asset": purse[1],
        "available_micro": balance.available_micro if balance else 0,
        "held_micro": balance.held_micro if balance else 0,
        "version": balance.version if balance else 0,
        "answered_micro": answered_micro,
        "finished": finished,
    }


async def live_tasks(conn: Connection, account_id: UUID) -> int:
    """How many of an account's tasks are unfinished."""
    found: int = await conn.fetchval(_LIVE, account_id)
    return found


async def add_pending(tx: Tx, purse: Purse, micro: int) -> None:
    """Set an amount aside until the ledger has answered."""
    await tx.execute(_ADD_PENDING, *purse, micro)


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's credits of one asset as the gateway knows them, in micro-credits, and its tier."""

    available_micro: int
    held_micro: int
    pending_micro: int
    tier: str

    @property
    def spendable_micro(self) -> int:
        """What is left when unanswered requests count as spent."""
        return max(self.available_micro - self.pending_micro, 0)

    @property
    def set_aside_micro(self) -> int:
        """What is held, unanswered requests counted in; with `spendable_micro` the ledger's own total.

        A balance may count a hold already whose answer, with its quote, has yet to come.
        """
        return self.held_micro + self.available_micro - self.spendable_micro


async def read(conn: Connection, account_id: UUID, asset: str) -> Standing | None:
    """The balance, or None for an unknown account."""
    row = await conn.fetchrow(_READ, account_id, asset)
    return None if row is None else Standing(**row)


@dataclass(frozen=True, slots=True)
class Low:
    """An account that has come to have less credits than its owner wants to be warned at."""

    account_id: UUID
    available_micro: int
    threshold_micro: int
    at: datetime


async def newly_low(tx: Tx, account_ids: Collection[UUID]) -> list[Low]:
    """Those of the accounts that have crossed their threshold downwards; also notes who is above it again."""
    if not account_ids:
        return []
    return [
        Low(row["account_id"], row["available_micro"], row["threshold_micro"], row["at"])
        for row in await tx.fetch(_NEWLY_LOW, list(account_ids))
        if row["low"]
    ]
