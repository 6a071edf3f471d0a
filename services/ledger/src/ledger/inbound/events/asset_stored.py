"""`asset.stored`: a task's results are in object storage, or never will be."""

from contracts.envelope import Envelope
from contracts.events import AssetStored

from ledger.domain.facts import Stored


def translate(event: AssetStored, _: Envelope) -> Stored:
    """The fact."""
    return Stored(event.task_id, event.account_id, event.stored_at, event.outcome)
