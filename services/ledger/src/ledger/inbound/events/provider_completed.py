"""`provider.completed`: the provider side of a task is over."""

from contracts.envelope import Envelope
from contracts.events import ProviderCompleted

from ledger.domain.facts import Completed
from ledger.domain.task import Verdict


def translate(event: ProviderCompleted, _: Envelope) -> Completed:
    """The fact: how it ended, and what it really cost when the provider said so."""
    verdict = Verdict(event.outcome, event.error_code, event.actual_micro)
    return Completed(event.task_id, event.account_id, event.completed_at, verdict)
