"""`task.requested`, `task.cancel_requested`, `task.deleted` and `task.settled` as facts."""

from contracts.envelope import Envelope
from contracts.events import TaskCancelRequested, TaskDeleted, TaskRequested, TaskSettled

from dispatcher.domain.facts import CancelRequested, Deleted, Requested, Settled


def requested(event: TaskRequested, envelope: Envelope) -> Requested:
    """A task was accepted by the gateway."""
    return Requested(
        task_id=event.task_id,
        account_id=event.account_id,
        asset=event.asset,
        model=event.model,
        input=event.input,
        derive=tuple(event.derive),
        price_rule=event.price_rule,
        requested_at=event.requested_at,
        deadline=event.deadline,
        traceparent=envelope.traceparent,
    )


def cancel_requested(event: TaskCancelRequested, _: Envelope) -> CancelRequested:
    """Somebody wants the task stopped."""
    return CancelRequested(event.task_id, event.account_id, event.requested_at, event.reason)


def deleted(event: TaskDeleted, _: Envelope) -> Deleted:
    """What the task was made of is to be forgotten."""
    return Deleted(event.task_id, event.account_id, event.deleted_at)


def settled(event: TaskSettled, _: Envelope) -> Settled:
    """The ledger's last word on a task."""
    return Settled(event.task_id, event.account_id, event.outcome, event.settled_at)
