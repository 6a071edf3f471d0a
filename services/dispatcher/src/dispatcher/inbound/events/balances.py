"""`credits.frozen` as a fact."""

from contracts.envelope import Envelope
from contracts.events import CreditsFrozen

from dispatcher.domain.facts import Frozen


def frozen(event: CreditsFrozen, envelope: Envelope) -> Frozen:
    """The hold stands: the task may be submitted."""
    return Frozen(event.task_id, event.account_id, event.frozen_at, event.deadline, envelope.traceparent)
