"""The books: which transfers a decision makes, and what a transfer does to a balance.

An amount leaves the debited account and enters the credited one, so every transfer sums to zero:

    grant     issuer    → available
    freeze    available → held
    settle    held      → revenue
    release   held      → available      (expire: the same, by the sweeper)
    takeback  available → adjustment     what the operator took back and was there
    writeoff  writeoff  → adjustment     what the operator took back and was not there

`adjustment` is thus all that was ever taken back, `writeoff` (negative) the part that nobody had.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from contracts import codes

from ledger.domain.decide import Decision, Freeze

Kind = Literal["grant", "freeze", "settle", "release", "expire", "takeback", "writeoff"]
Entry = tuple[Kind, int]

ROUTES: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        "grant": ("issuer", "available"),
        "freeze": ("available", "held"),
        "settle": ("held", "revenue"),
        "release": ("held", "available"),
        "expire": ("held", "available"),
        "takeback": ("available", "adjustment"),
        "writeoff": ("writeoff", "adjustment"),
    }
)


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's balance of one asset. Version 1 is the opening."""

    account_id: UUID
    asset: str
    available_micro: int
    held_micro: int
    version: int
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a transfer is made: a task or a change, and when that was said."""

    event_at: datetime
    lot: str
    task_id: UUID | None = None
    change_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A row of the books, with the balance after it."""

    kind: Kind
    debit: str
    credit: str
    amount_micro: int
    cause: Cause
    after: Balance


def entries_of(decision: Decision) -> list[Entry]:
    """The transfers that carry a decision out; amounts of zero make none."""
    if isinstance(decision, Freeze):
        return _moving(("freeze", decision.held_micro))
    back: Kind = "expire" if decision.reason == codes.HOLD_EXPIRED else "release"
    return _moving(("settle", decision.charged_micro), (back, decision.returned_micro))


def entries_of_grant(amount_micro: int, available_micro: int) -> list[Entry]:
    """The transfers of a grant. A debit by the operator never overdraws: the rest is written off."""
    if amount_micro >= 0:
        return _moving(("grant", amount_micro))
    there = min(-amount_micro, available_micro)
    return _moving(("takeback", there), ("writeoff", -amount_micro - there))


def post(balance: Balance, entry: Entry, cause: Cause, now: datetime) -> Transfer:
    """The transfer of an entry. Raises ValueError when the balance doesn't have the amount.

    Its time never lies before the account's last one, whatever the clock did.
    """
    kind, amount = entry
    debit, credit = ROUTES[kind]
    available = balance.available_micro + amount * ((credit == "available") - (debit == "available"))
    held = balance.held_micro + amount * ((credit == "held") - (debit == "held"))
    if amount <= 0 or available < 0 or held < 0:
        raise ValueError(f"{kind} of {amount} can't be posted to {balance}")
    moved_at = max(now, balance.moved_at)
    after = Balance(balance.account_id, balance.asset, available, held, balance.version + 1, moved_at)
    return Transfer(kind, debit, credit, amount, cause, after)


def _moving(*entries: Entry) -> list[Entry]:
    return [entry for entry in entries if entry[1] > 0]
