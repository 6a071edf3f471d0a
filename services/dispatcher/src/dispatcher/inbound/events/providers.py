"""`provider.reported` as a fact."""

from contracts.envelope import Envelope
from contracts.events import ProviderReported

from dispatcher.domain.facts import Reported


def reported(event: ProviderReported, _: Envelope) -> Reported:
    """A webhook came."""
    return Reported(
        provider=event.provider,
        task_id=event.task_id,
        account_id=event.account_id,
        attempt=event.attempt,
        job_id=event.provider_job_id,
        final=event.final,
    )
