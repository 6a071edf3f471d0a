"""`task.finished` as a message to customers."""

from contracts.envelope import Envelope
from contracts.events import TaskFinished

from callbacks.domain.news import Message


def task_finished(event: TaskFinished, envelope: Envelope) -> Message:
    """A task won't change any more."""
    return Message(
        id=event.event_id,
        account_id=event.account_id,
        type=event.type,
        task_id=event.task_id,
        at=event.finished_at,
        data=event.document,
        webhook_url=event.webhook_url,
        traceparent=envelope.traceparent,
    )
