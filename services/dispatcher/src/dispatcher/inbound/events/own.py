"""The dispatcher's own words, read back after its database was restored."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.envelope import Envelope
from contracts.events import ProviderCompleted, TaskProgress
from runtime.bus.record import Translator

from dispatcher.domain.again import CompletedAgain, Place, TakenAgain


def progressed(event: TaskProgress, envelope: Envelope) -> TakenAgain | None:
    """A provider had the job; None when the event doesn't say as what, as those of old don't."""
    place = _place(event)
    if place is None or event.provider_job_id is None:
        return None
    return TakenAgain(
        task_id=event.task_id,
        account_id=event.account_id,
        at=event.at,
        attempt=event.attempt,
        place=place,
        job_id=event.provider_job_id,
        state=event.state,
        percent=event.percent,
        cost_rule=event.cost_rule,
        traceparent=envelope.traceparent,
    )


def completed(event: ProviderCompleted, envelope: Envelope) -> CompletedAgain:
    """The provider side was over."""
    return CompletedAgain(
        task_id=event.task_id,
        account_id=event.account_id,
        at=event.completed_at,
        attempt=event.attempt,
        place=_place(event),
        job_id=event.provider_job_id,
        outcome=event.outcome,
        code=event.error_code,
        message=event.error_message,
        actual_micro=event.actual_micro,
        cost_micro=event.cost_micro,
        deadline=event.deadline,
        traceparent=envelope.traceparent,
    )


def _place(event: TaskProgress | ProviderCompleted) -> Place | None:
    named = (event.provider, event.protocol, event.provider_model, event.credential_id)
    if any(each is None for each in named):
        return None
    return Place(*(str(each) for each in named))


TRANSLATORS: Mapping[str, Translator] = MappingProxyType(
    {"task.progress": progressed, "provider.completed": completed}
)
