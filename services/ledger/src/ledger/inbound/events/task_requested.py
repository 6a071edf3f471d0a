"""`task.requested`: a task wants its quote frozen."""

from contracts.envelope import Envelope
from contracts.events import TaskRequested

from ledger.domain.facts import Requested
from ledger.domain.task import Request


def translate(event: TaskRequested, envelope: Envelope) -> Requested:
    """The fact; the record's trace is kept with the task, for all that is said about it later."""
    request = Request(
        event.asset, event.quote_micro, event.requested_at, event.deadline, envelope.traceparent
    )
    return Requested(event.task_id, event.account_id, event.requested_at, request, event.repeat)
