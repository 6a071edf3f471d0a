"""The gateway's own words, read back after its database was restored."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts import events
from contracts.envelope import Envelope
from runtime.bus.record import Translator

from gateway.domain.again import CancelledAgain, DeletedAgain, GrantedAgain, RequestedAgain, WarnedAgain


def requested(event: events.TaskRequested, envelope: Envelope) -> RequestedAgain:
    """A task was accepted."""
    return RequestedAgain(
        task_id=event.task_id,
        account_id=event.account_id,
        asset=event.asset,
        key_id=event.key_id,
        model=event.model,
        input=event.input,
        derive=event.derive,
        quote_micro=event.quote_micro,
        price_rule=event.price_rule,
        surface=event.surface,
        request_id=event.request_id,
        idempotency_key=event.idempotency_key,
        fingerprint=event.fingerprint or "",
        traceparent=envelope.traceparent,
        requested_at=event.requested_at,
        deadline=event.deadline,
        metadata=event.metadata,
        webhook_url=event.webhook_url,
        order=event.order,
        answer=event.answer,
    )


def cancelled(event: events.TaskCancelRequested, _: Envelope) -> CancelledAgain:
    """A cancel was asked for."""
    return CancelledAgain(event.task_id, event.account_id, event.requested_at)


def deleted(event: events.TaskDeleted, _: Envelope) -> DeletedAgain:
    """A task was deleted."""
    return DeletedAgain(event.task_id, event.account_id, event.reason)


def granted(event: events.CreditsGranted, _: Envelope) -> GrantedAgain:
    """Credits were granted."""
    return GrantedAgain(
        event.grant_id,
        event.account_id,
        event.asset,
        event.amount_micro,
        event.kind,
        event.reason,
        event.granted_at,
    )


def warned(event: events.AccountNotice, _: Envelope) -> WarnedAgain:
    """An owner was told of few credits."""
    return WarnedAgain(event.account_id)


TRANSLATORS: Mapping[str, Translator] = MappingProxyType(
    {
        "task.requested": requested,
        "task.cancel_requested": cancelled,
        "task.deleted": deleted,
        "credits.granted": granted,
        "account.notice": warned,
    }
)
