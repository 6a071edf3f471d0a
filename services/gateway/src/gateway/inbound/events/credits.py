"""Translators: what the ledger says."""

from contracts import events
from contracts.envelope import Envelope

from gateway.domain.facts import Balance, Changed, Closed, Frozen


def credits_frozen(event: events.CreditsFrozen, _: Envelope) -> Frozen:
    """The hold stands."""
    return Frozen(
        task_id=event.task_id,
        at=event.frozen_at,
        balance=_balance(event, event.balance),
    )


def task_settled(event: events.TaskSettled, _: Envelope) -> Closed:
    """The money outcome."""
    return Closed(
        task_id=event.task_id,
        account_id=event.account_id,
        asset=event.asset,
        at=event.settled_at,
        outcome=event.outcome,
        reason=event.reason,
        charged_micro=event.charged_micro,
        balance=None if event.balance is None else _balance(event, event.balance),
    )


def credits_changed(event: events.CreditsChanged, _: Envelope) -> Changed:
    """A grant or the like was booked."""
    return Changed(change_id=event.change_id, at=event.changed_at, balance=_balance(event, event.balance))


def _balance(
    event: events.CreditsFrozen | events.TaskSettled | events.CreditsChanged, balance: events.Balance
) -> Balance:
    return Balance(
        account_id=event.account_id,
        asset=event.asset,
        available_micro=balance.available_micro,
        held_micro=balance.held_micro,
        version=balance.version,
    )
