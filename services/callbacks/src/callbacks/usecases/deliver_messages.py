"""Turn messages into deliveries, each with its row of work, in the caller's transaction."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from contracts.ids import uuid7
from runtime.db import Tx
from runtime.work import table as work
from runtime.work.table import NewWork

from callbacks.db import messages as table
from callbacks.db.messages import Target
from callbacks.domain.news import Message, NewDelivery

WORK = "deliver"


async def deliver_messages(tx: Tx, messages: Sequence[Message]) -> int:
    """To every endpoint that wants them and to the URLs that tasks named; how many deliveries began.

    A message that nobody waits for isn't kept; one that is known already changes nothing.
    """
    once = list({message.id: message for message in messages}.values())
    targets: dict[UUID, list[Target]] = defaultdict(list)
    for target in await table.targets(tx, once):
        targets[target.message_id].append(target)
    wanted = [m for m in once if m.id in targets or m.webhook_url is not None]
    return await begin(tx, [(m, _deliveries(m, targets[m.id])) for m in wanted])


async def begin(tx: Tx, addressed: Sequence[tuple[Message, Collection[NewDelivery]]]) -> int:
    """Write messages with their deliveries down, unless they are known; how many deliveries began."""
    if not addressed:
        return 0
    new = await table.insert(tx, [message for message, _ in addressed])
    wanted = [each for message, group in addressed if message.id in new for each in group]
    begun = await table.deliver(tx, wanted)
    deliveries = [each for each in wanted if each.id in begun]
    await work.add(tx, [NewWork(d.id, WORK, d.account_id) for d in deliveries if not d.pulled])
    return len(deliveries)


def _deliveries(message: Message, targets: Sequence[Target]) -> list[NewDelivery]:
    found = [
        NewDelivery(uuid7(), message.id, message.account_id, t.endpoint_id, None, t.pulled) for t in targets
    ]
    if message.webhook_url is not None:
        found.append(NewDelivery(uuid7(), message.id, message.account_id, None, message.webhook_url))
    return found
