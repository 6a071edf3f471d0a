"""`account.notice` as a message to customers."""

from contracts.envelope import Envelope
from contracts.events import AccountNotice

from callbacks.domain.news import Message


def account_notice(event: AccountNotice, envelope: Envelope) -> Message:
    """Something that the account's owner wants to know."""
    return Message(
        id=event.event_id,
        account_id=event.account_id,
        type=event.type,
        task_id=None,
        at=event.at,
        data=event.data,
        traceparent=envelope.traceparent,
    )
