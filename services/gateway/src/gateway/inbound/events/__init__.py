"""The topics the gateway reads and how each becomes a fact."""

from collections.abc import Mapping
from types import MappingProxyType

from runtime.bus.record import Translator

from gateway.inbound.events.assets import asset_stored
from gateway.inbound.events.credits import credits_changed, credits_frozen, task_settled
from gateway.inbound.events.providers import provider_completed, task_progress
from gateway.inbound.events.webhooks import webhook_delivered

TRANSLATORS: Mapping[str, Translator] = MappingProxyType(
    {
        "credits.frozen": credits_frozen,
        "task.settled": task_settled,
        "credits.changed": credits_changed,
        "task.progress": task_progress,
        "provider.completed": provider_completed,
        "asset.stored": asset_stored,
        "webhook.delivered": webhook_delivered,
    }
)
