"""`webhook.delivered`, callbacks' own word, read back after its database was restored."""

from contracts.envelope import Envelope
from contracts.events import WebhookDelivered

from callbacks.domain.delivery import Ended, Told


def webhook_delivered(event: WebhookDelivered, _: Envelope) -> Told | None:
    """How a delivery ended; None for one to an address that the event doesn't name."""
    if event.endpoint_id is None and event.url is None:
        return None
    ended = Ended(event.round, event.attempts, event.status, event.reason, event.at)
    return Told(event.delivery_id, event.event_id, event.account_id, event.endpoint_id, event.url, ended)
