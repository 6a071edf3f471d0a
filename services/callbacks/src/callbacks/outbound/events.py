"""What callbacks says: one function per event."""

from contracts.events import ProviderReported
from runtime.outbox.recorder import Message

from callbacks.domain.webhook import Stored


def provider_reported(stored: Stored) -> Message:
    """A provider has news about an attempt; the same body about the same attempt is the same fact."""
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
        key=str(reference.account_id),
        subject=str(reference.task_id),
        fact=f"reported-{reference.attempt}-{webhook.body_hash[:8].hex()}",
        traceparent=webhook.traceparent,
    )
