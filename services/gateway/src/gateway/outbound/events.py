"""What the gateway says, one function per event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from contracts.events import (
    AccountNotice,
    Asset,
    CreditsGranted,
    TaskCancelRequested,
    TaskDeleted,
    TaskFinished,
    TaskRequested,
)
from runtime.outbox.recorder import Message

from gateway.domain.admission import Receipt, Submission

GrantKind = Literal["topup", "plan", "promotion", "refund", "adjustment"]
DeleteReason = Literal["client", "retention", "operator"]
CancelReason = Literal["client", "deadline", "operator"]


def task_requested(
    submission: Submission,
    requested_at: datetime,
    deadline: datetime,
    repeat: int = 1,
    receipt: Receipt | None = None,
) -> Message:
    """A task was accepted. A repeat is the same event with the next number.

    `receipt` comes with the first task of a request with an idempotency key: the record that is kept of it.
    """
    event = TaskRequested(
        task_id=submission.task_id,
        account_id=submission.account_id,
        asset=cast("Asset", submission.asset),
        model=submission.model,
        input=dict(submission.input),
        derive=list(submission.derive),
        quote_micro=submission.quote_micro,
        price_rule=dict(submission.price_rule),
        requested_at=requested_at,
        deadline=deadline,
        surface=submission.surface,
        key_id=submission.key_id,
        request_id=submission.request_id,
        idempotency_key=submission.idempotency_key,
        fingerprint=submission.fingerprint,
        repeat=repeat,
        metadata=None if submission.metadata is None else dict(submission.metadata),
        webhook_url=submission.webhook_url,
        order=[] if receipt is None else list(receipt.task_ids),
        answer=None if receipt is None or receipt.answer is None else receipt.answer.decode(),
    )
    return Message(
        event,
        key=str(submission.account_id),
        subject=str(submission.task_id),
        fact="requested",
        n=repeat,
        traceparent=submission.traceparent,
    )


def task_cancel_requested(
    task_id: UUID, account_id: UUID, requested_at: datetime, reason: CancelReason = "client"
) -> Message:
    """Somebody wants the task stopped; said once per task, a repeat is the same event."""
    event = TaskCancelRequested(
        task_id=task_id, account_id=account_id, requested_at=requested_at, reason=reason
    )
    return Message(event, key=str(account_id), subject=str(task_id), fact="cancel-requested")


def task_deleted(
    task_id: UUID, account_id: UUID, deleted_at: datetime, reason: DeleteReason = "client"
) -> Message:
    """A final task was deleted; said once per task."""
    event = TaskDeleted(task_id=task_id, account_id=account_id, deleted_at=deleted_at, reason=reason)
    return Message(event, key=str(account_id), subject=str(task_id), fact="deleted")


def credits_granted(
    grant_id: UUID,
    account_id: UUID,
    asset: str,
    amount_micro: int,
    kind: GrantKind,
    reason: str,
    granted_at: datetime,
) -> Message:
    """Credits to add or, with a negative amount, to take back."""
    event = CreditsGranted(
        grant_id=grant_id,
        account_id=account_id,
        asset=cast("Asset", asset),
        amount_micro=amount_micro,
        kind=kind,
        reason=reason,
        granted_at=granted_at,
    )
    return Message(event, key=str(account_id), subject=str(grant_id), fact="granted")


@dataclass(frozen=True, slots=True)
class Finished:
    """A task that has just become final. `document` is its public one, as v1 shows it."""

    event_id: UUID
    task_id: UUID
    account_id: UUID
    asset: str
    status: Literal["succeeded", "failed", "cancelled"]
    document: dict[str, Any]
    webhook_url: str | None
    finished_at: datetime
    traceparent: str | None


def task_finished(finished: Finished) -> Message:
    """A task won't change any more."""
    event = TaskFinished(
        event_id=finished.event_id,
        type=_FINISHED[finished.status],
        task_id=finished.task_id,
        account_id=finished.account_id,
        asset=cast("Asset", finished.asset),
        document=finished.document,
        webhook_url=finished.webhook_url,
        finished_at=finished.finished_at,
    )
    return Message(
        event,
        key=str(finished.account_id),
        subject=str(finished.task_id),
        fact="finished",
        traceparent=finished.traceparent,
    )


_FINISHED: Mapping[str, Literal["task.succeeded", "task.failed", "task.cancelled"]] = {
    "succeeded": "task.succeeded",
    "failed": "task.failed",
    "cancelled": "task.cancelled",
}


def credits_low(event_id: UUID, account_id: UUID, data: dict[str, Any], at: datetime) -> Message:
    """An account has less than its owner wants to be warned at; `data` is what the webhook shows."""
    event = AccountNotice(event_id=event_id, type="credits.low", account_id=account_id, data=data, at=at)
    return Message(event, key=str(account_id), subject=str(account_id), fact=f"credits-low-{event_id}")
