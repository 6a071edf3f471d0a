"""`provider.completed` as a fact."""

from contracts.envelope import Envelope
from contracts.events import ProviderCompleted

from storage.domain.task import Output, Succeeded


def translate(event: ProviderCompleted, envelope: Envelope) -> Succeeded | None:
    """A provider has finished a task; None when it failed or was cancelled: there is nothing to copy."""
    if event.outcome != "succeeded":
        return None
    return Succeeded(
        task_id=event.task_id,
        account_id=event.account_id,
        attempt=event.attempt,
        outputs=tuple(Output(each.index, each.kind, each.role, each.url) for each in event.outputs),
        derive=tuple(event.derive),
        provider=event.provider,
        protocol=event.protocol,
        provider_job_id=event.provider_job_id,
        credential_id=event.credential_id,
        deadline=event.deadline or event.completed_at,
        traceparent=envelope.traceparent,
    )
