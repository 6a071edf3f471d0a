"""`task.deleted` as a fact."""

from contracts.envelope import Envelope
from contracts.events import TaskDeleted

from storage.domain.task import Deleted


def translate(event: TaskDeleted, _: Envelope) -> Deleted:
    """A task's results are to be forgotten."""
    return Deleted(event.task_id, event.account_id, event.deleted_at)
