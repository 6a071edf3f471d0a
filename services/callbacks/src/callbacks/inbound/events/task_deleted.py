"""`task.deleted` as a fact."""

from contracts.envelope import Envelope
from contracts.events import TaskDeleted

from callbacks.domain.news import Deleted


def task_deleted(event: TaskDeleted, _: Envelope) -> Deleted:
    """What is known of a task is to be forgotten."""
    return Deleted(event.task_id)
