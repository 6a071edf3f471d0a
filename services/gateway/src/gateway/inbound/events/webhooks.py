"""Translators: what callbacks says."""

from contracts import events
from contracts.envelope import Envelope

from gateway.domain.facts import Delivered


def webhook_delivered(event: events.WebhookDelivered, _: Envelope) -> Delivered | None:
    """What became of a webhook; None for one about no task, which has no history to be in."""
    if event.task_id is None:
        return None
    return Delivered(
        delivery_id=event.delivery_id,
        round=event.round,
        task_id=event.task_id,
        account_id=event.account_id,
        at=event.at,
        endpoint_id=event.endpoint_id,
        outcome=event.outcome,
        reason=event.reason,
        attempts=event.attempts,
        status=event.status,
    )
