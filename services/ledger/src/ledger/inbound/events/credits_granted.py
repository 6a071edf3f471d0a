"""`credits.granted`: credits to add or to take back."""

from contracts.envelope import Envelope
from contracts.events import CreditsGranted

from ledger.domain.facts import Granted


def translate(event: CreditsGranted, envelope: Envelope) -> Granted:
    """The fact; its natural key is the grant's id."""
    return Granted(
        event.grant_id,
        event.account_id,
        event.granted_at,
        event.asset,
        event.amount_micro,
        event.kind,
        event.reason,
        envelope.traceparent,
    )
