"""One translator per topic that the ledger reads."""

from collections.abc import Mapping
from types import MappingProxyType

from runtime.bus.record import Translator

from ledger.inbound.events import asset_stored, credits_granted, provider_completed, task_requested

TRANSLATORS: Mapping[str, Translator] = MappingProxyType(
    {
        "task.requested": task_requested.translate,
        "credits.granted": credits_granted.translate,
        "provider.completed": provider_completed.translate,
        "asset.stored": asset_stored.translate,
    }
)
