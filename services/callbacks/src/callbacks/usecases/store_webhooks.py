"""Store a batch of webhooks and say so, in one transaction."""

from collections.abc import Sequence

from runtime.db import Database
from runtime.outbox.recorder import Outbox

from callbacks.db import webhooks as table
from callbacks.domain.webhook import Stored, Webhook
from callbacks.outbound.events import provider_reported


async def store_webhooks(db: Database, outbox: Outbox, batch: Sequence[Webhook]) -> list[bool]:
    """For each webhook whether it was news; a repeat is neither stored nor said again.

    What names neither attempt nor job is stored, for people, and not said.
    """
    async with db.transaction() as tx:
        received = await table.insert(tx, batch)
        news = [Stored(webhook, received[webhook.id]) for webhook in batch if webhook.id in received]
        await outbox.record(tx, (provider_reported(each) for each in news if each.webhook.told))
    return [webhook.id in received for webhook in batch]
