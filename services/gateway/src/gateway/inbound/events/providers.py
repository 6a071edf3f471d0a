"""Translators: what the dispatcher says."""

from contracts import events
from contracts.envelope import Envelope

from gateway.domain.facts import Completed, Progressed


def task_progress(event: events.TaskProgress, _: Envelope) -> Progressed:
    """Where an attempt stands."""
    return Progressed(
        task_id=event.task_id,
        at=event.at,
        attempt=event.attempt,
        provider=event.provider,
        state=event.state,
        percent=event.percent,
    )


def provider_completed(event: events.ProviderCompleted, _: Envelope) -> Completed:
    """The provider side's last word."""
    return Completed(
        task_id=event.task_id,
        at=event.completed_at,
        outcome=event.outcome,
        code=event.error_code,
        message=event.error_message,
        provider=event.provider,
        cost_micro=event.cost_micro,
    )
