"""Store a batch of webhooks and say so, in one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from runtime.db import Database
from runtime.outbox.recorder import Outbox

from callbacks.db import webhooks as table
from callbacks.domain.webhook import Stored, Webhook
from callbacks.outbound.events import provider_reported


async def store_webhooks(db: Database, outbox: Outbox, batch: Sequence[Webhook]) -> list[bool]:
    """For each webhook whether it was news; a repeat is neither stored nor said again.

    What helps nobody (see `Stored.told`) is stored, for people, and not said.
    """
    async with db.transaction() as tx:
        news = list(_leads_once(await table.insert(tx, batch)))
        await outbox.record(tx, (provider_reported(each) for each in news if each.told))
    new = {each.webhook.id for each in news}
    return [webhook.id in new for webhook in batch]


def _leads_once(news: Iterable[Stored]) -> Iterator[Stored]:
    """What came in the same batch is known as well."""
    leads = set()
    for each in news:
        lead = each.webhook.reference, each.webhook.provider_job_id
        yield replace(each, lead_known=each.lead_known or lead in leads)
        leads.add(lead)
