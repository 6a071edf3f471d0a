"""Deliver again: one delivery, or those of an endpoint in a time range; and a test event."""

from datetime import UTC, datetime
from uuid import UUID

from contracts.ids import uuid7
from runtime.db import Database
from runtime.work import table as work
from runtime.work.table import NewWork

from callbacks.db import delivery_log
from callbacks.domain.news import TEST_TYPE, Message, NewDelivery, endpoint_text
from callbacks.domain.requests import Range
from callbacks.usecases.deliver_messages import WORK, begin

MOST_AT_ONCE = 5000


async def redeliver(db: Database, account_id: UUID, delivery_id: UUID) -> None:
    """A new round with its own three days; a delivery that is under way is tried at once."""
    async with db.transaction() as tx:
        if await delivery_log.again(tx, account_id, delivery_id):
            await work.add(tx, [NewWork(delivery_id, WORK, account_id)])
        else:
            await work.nudge(tx, WORK, [delivery_id])


async def redeliver_range(db: Database, account_id: UUID, endpoint_id: UUID, wanted: Range) -> int:
    """How many deliveries begin anew, at most `MOST_AT_ONCE`, the oldest first."""
    async with db.transaction() as tx:
        ids = await delivery_log.range_again(
            tx,
            account_id,
            endpoint_id,
            since=wanted.since,
            until=wanted.until,
            everything=wanted.everything,
            limit=MOST_AT_ONCE,
        )
        await work.add(tx, [NewWork(each, WORK, account_id) for each in ids])
    return len(ids)


async def send_test(db: Database, account_id: UUID, endpoint_id: UUID) -> UUID:
    """Send an endpoint a test event, whatever its filter; the delivery's id."""
    data = {
        "endpoint_id": endpoint_text(endpoint_id),
        "note": "You asked for this event to test your endpoint.",
    }
    message = Message(uuid7(), account_id, TEST_TYPE, None, datetime.now(UTC), data)
    delivery = NewDelivery(uuid7(), message.id, account_id, endpoint_id, None)
    async with db.transaction() as tx:
        await begin(tx, [(message, [delivery])])
    return delivery.id
