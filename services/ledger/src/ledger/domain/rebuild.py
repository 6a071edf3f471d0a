"""The books after a restore: what the ledger had said is booked again, at the same versions.

Pure. Every change of a balance was said with the balance after it, so each step is checked against its word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.money import DEFAULT_LOT

from ledger.domain.batch import Batch, Change
from ledger.domain.books import Balance, Cause, Entry, entries_of, entries_of_grant, post
from ledger.domain.decide import Close, Freeze
from ledger.domain.facts import Granted
from ledger.domain.task import Hold, Outcome, Request, Task


@dataclass(frozen=True, slots=True)
class FrozenAgain:
    """A hold as it was said."""

    task_id: UUID
    account_id: UUID
    asset: str
    after: Balance
    request: Request
    hold: Hold


@dataclass(frozen=True, slots=True)
class ClosedAgain:
    """A money outcome as it was said."""

    task_id: UUID
    account_id: UUID
    asset: str
    after: Balance
    request: Request
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class BookedAgain:
    """A grant as it was said."""

    account_id: UUID
    asset: str
    after: Balance
    granted: Granted


Again = FrozenAgain | ClosedAgain | BookedAgain


class BooksTorn(Exception):
    """What was said doesn't follow from what is booked: a version is missing, or the sums differ."""


def order(again: Again) -> tuple[str, str, int, bool, bool]:
    """By account and version: who moved the balance there, then who moved nothing, a hold before its end."""
    still = not _moves(again)
    return str(again.account_id), again.asset, again.after.version, still, isinstance(again, ClosedAgain)


def _moves(again: Again) -> bool:
    if isinstance(again, BookedAgain):
        return again.granted.amount_micro != 0
    if isinstance(again, FrozenAgain):
        return again.hold.held_micro != 0
    return bool(_entries(again.outcome))


class Rebuild(Batch):
    """A batch whose decisions were made before. Afterwards it holds the rows to write; nothing is said."""

    def take_again(self, again: Again) -> None:
        """Book it unless it is booked; in the order of `order`. Raises BooksTorn."""
        if isinstance(again, BookedAgain):
            self._grant_again(again)
            return
        task = self.tasks.get(again.task_id) or Task(again.task_id, again.account_id)
        if task.outcome is not None or (isinstance(again, FrozenAgain) and task.hold is not None):
            return
        if isinstance(again, FrozenAgain):
            entries = entries_of(Freeze(again.hold.held_micro, again.hold.expires_at))
            task = task.knowing(request=again.request, hold=again.hold)
        else:
            entries = _entries(again.outcome)
            task = task.knowing(request=again.request, outcome=again.outcome)
        lot = task.hold.lot if task.hold else DEFAULT_LOT
        self._book(again.after, entries, Cause(again.after.moved_at, lot, task_id=again.task_id))
        self.tasks[again.task_id] = task

    def _grant_again(self, again: BookedAgain) -> None:
        grant = again.granted
        if grant.change_id in self.known:
            return
        before = self.balances[again.account_id, again.asset].available_micro
        entries = entries_of_grant(grant.amount_micro, before)
        self._book(again.after, entries, Cause(grant.at, DEFAULT_LOT, change_id=grant.change_id))
        applied = again.after.available_micro - before
        self.known.add(grant.change_id)
        self.said.append(Change(grant, applied, applied - grant.amount_micro, again.after))

    def _book(self, after: Balance, entries: Sequence[Entry], cause: Cause) -> None:
        key = after.account_id, after.asset
        balance, transfers = self.balances[key], []
        for entry in entries:
            try:
                transfer = post(balance, entry, cause, after.moved_at)
            except ValueError as error:
                raise BooksTorn(str(error)) from error
            transfers.append(transfer)
            balance = transfer.after
        if _figures(balance) != _figures(after):
            raise BooksTorn(f"{_figures(balance)} is not what was said of {key}: {_figures(after)}")
        self.transfers += transfers
        self.balances[key] = balance


def _entries(outcome: Outcome) -> list[Entry]:
    close = Close(outcome.outcome, outcome.reason, outcome.charged_micro, outcome.returned_micro)
    return entries_of(close)


def _figures(balance: Balance) -> tuple[int, int, int]:
    return balance.version, balance.available_micro, balance.held_micro
