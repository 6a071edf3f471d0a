"""What callbacks says: one function per event."""

from typing import Literal

from contracts.events import ProviderReported, WebhookDelivered
from runtime.outbox.recorder import Message

from callbacks.domain.delivery import Ended
from callbacks.domain.errand import Errand
from callbacks.domain.webhook import Stored


def provider_reported(stored: Stored) -> Message:
    """A provider has news about an attempt or a job; the same body about the same one is the same fact."""
    webhook, reference = stored.webhook, stored.webhook.reference
    return Message(
        ProviderReported(
            webhook_id=webhook.id,
            provider=reference.provider,
            account_id=reference.account_id,
            task_id=reference.task_id,
            attempt=reference.attempt,
            provider_job_id=webhook.provider_job_id,
            final=webhook.final,
            received_at=stored.received_at,
        ),
        key=str(reference.account_id or webhook.provider_job_id),
        subject=str(reference.task_id or webhook.provider_job_id),
        fact=f"reported-{reference.attempt or reference.provider}-{webhook.body_hash[:8].hex()}",
        traceparent=webhook.traceparent,
    )


def webhook_delivered(errand: Errand, outcome: Literal["delivered", "given_up"], ended: Ended) -> Message:
    """A customer's webhook reached its address, or was given up; once per round."""
    return Message(
        WebhookDelivered(
            delivery_id=errand.id,
            round=ended.round,
            event_id=errand.message_id,
            event_type=errand.type,
            account_id=errand.account_id,
            task_id=errand.task_id,
            endpoint_id=errand.endpoint_id,
            url=errand.url if errand.endpoint_id is None else None,
            outcome=outcome,
            reason=ended.reason,
            attempts=ended.attempts,
            status=ended.status,
            at=ended.at,
        ),
        key=str(errand.account_id),
        subject=str(errand.task_id or errand.account_id),
        fact=f"webhook-{errand.id}-{ended.round}",
        traceparent=errand.traceparent,
    )
