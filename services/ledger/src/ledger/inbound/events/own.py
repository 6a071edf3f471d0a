"""The ledger's own words, read back after its database was restored."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from contracts import events
from contracts.envelope import Envelope
from contracts.money import DEFAULT_LOT
from runtime.bus.record import Translator

from ledger.domain.books import Balance
from ledger.domain.facts import Granted
from ledger.domain.rebuild import BookedAgain, ClosedAgain, FrozenAgain
from ledger.domain.task import Hold, Outcome, Request


def frozen(event: events.CreditsFrozen, envelope: Envelope) -> FrozenAgain:
    """A hold stood."""
    request = Request(
        event.asset,
        event.held_micro,
        event.requested_at or event.frozen_at,
        event.deadline,
        envelope.traceparent,
    )
    version = event.balance.version
    hold = Hold(event.held_micro, DEFAULT_LOT, event.frozen_at, event.expires_at, version)
    after = _balance(event, event.balance, event.frozen_at)
    return FrozenAgain(event.task_id, event.account_id, event.asset, after, request, hold)


def settled(event: events.TaskSettled, envelope: Envelope) -> ClosedAgain | None:
    """A task's money outcome; None for an account that never existed: nothing was moved."""
    if event.balance is None:
        return None
    at = event.settled_at
    quote = event.charged_micro + event.returned_micro if event.quote_micro is None else event.quote_micro
    request = Request(
        event.asset, quote, event.requested_at or at, event.deadline or at, envelope.traceparent
    )
    outcome = Outcome(
        event.outcome, event.reason, event.charged_micro, event.returned_micro, at, event.balance.version
    )
    after = _balance(event, event.balance, at)
    return ClosedAgain(event.task_id, event.account_id, event.asset, after, request, outcome)


def changed(event: events.CreditsChanged, envelope: Envelope) -> BookedAgain:
    """A grant or take-back was booked."""
    granted = Granted(
        event.change_id,
        event.account_id,
        event.granted_at or event.changed_at,
        event.asset,
        event.change_micro - event.written_off_micro,
        event.kind,
        event.reason,
        envelope.traceparent,
    )
    after = _balance(event, event.balance, event.changed_at)
    return BookedAgain(event.account_id, event.asset, after, granted)


def _balance(
    event: events.CreditsFrozen | events.TaskSettled | events.CreditsChanged,
    after: events.Balance,
    at: datetime,
) -> Balance:
    return Balance(event.account_id, event.asset, after.available_micro, after.held_micro, after.version, at)


TRANSLATORS: Mapping[str, Translator] = MappingProxyType(
    {"credits.frozen": frozen, "task.settled": settled, "credits.changed": changed}
)
