"""`python -m <service> recover`: after a database was restored from a dump or a backup.

The service's own events carry its whole state changes, so what it said after the backup is taken back into
its tables, under natural keys, and into its outbox. What the others said is read again by its consumer, whose
stored offsets came back with the tables. It may be run again, also when it was interrupted.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import orjson
from contracts import envelope
from contracts.topics import written_by

from runtime.bus.batches import Apply
from runtime.bus.record import Item, Raw, Translator, decode
from runtime.db import Database, Tx, rows
from runtime.outbox import table as outbox
from runtime.outbox.relay import LOCK
from runtime.recovery import table
from runtime.recovery.own_topics import OwnTopics

_AT_ONCE = 500
_KEEP = """
INSERT INTO outbox (topic, key, event_id, subject, traceparent, value, epoch)
SELECT topic, key, event_id, subject, traceparent, value, (SELECT epoch FROM recovery)
FROM json_to_recordset($1::json) AS r(topic text, key text, event_id text, subject text, traceparent text,
                                      value json)
"""


class RecoverRefused(Exception):
    """It can't be done like this; the message says why, for the operator."""


@dataclass(frozen=True, slots=True)
class Restore:
    """How a service takes its own words back: its `translators` make facts of them, `apply` writes those.

    `order` sorts the facts of a partition where their time is not enough.
    """

    translators: Mapping[str, Translator]
    apply: Apply
    order: Callable[[Any], Any] | None = None


@dataclass(slots=True)
class Recovered:
    """What was done: records read by topic, facts taken back; `gone` records Kafka had dropped before."""

    epoch: int
    records: dict[str, int] = field(default_factory=dict)
    facts: int = 0
    gone: int = 0

    def __str__(self) -> str:
        """In a sentence for the operator."""
        read = ", ".join(f"{n} of {topic}" for topic, n in sorted(self.records.items())) or "nothing"
        gone = f"; {self.gone} more are gone from Kafka" if self.gone else ""
        return f"epoch {self.epoch}: read {read}; {self.facts} facts restored{gone}"


async def recover(
    dsn: str, bootstrap: str, service: str, restore: Restore, *, lost_at: datetime | None = None
) -> Recovered:
    """Take back what the service said since the backup. No process of it may run.

    `lost_at` is when the old database was lost (None: now): a job from before it may have been submitted.
    Raises RecoverRefused, and what the database and the broker raise.
    """
    db = Database(dsn, name=f"{service}-recover", pool_size=2)
    await db.start()
    try:
        async with _alone(db, service):
            async with db.transaction() as tx:
                await outbox.ensure_partitions(tx)
                done = Recovered(await table.begin(tx, lost_at))
            await _own_topics(db, bootstrap, service, restore, done)
            async with db.transaction() as tx:
                await table.restored(tx)
            return done
    finally:
        await db.stop()


@asynccontextmanager
async def _alone(db: Database, service: str) -> AsyncIterator[None]:
    """Hold the relay's lock: a process that runs would work on half a database."""
    conn = await db.connect("alone")
    try:
        if not await conn.fetchval(LOCK):
            raise RecoverRefused(f"a process of {service} is running: stop all of them first")
        yield
    finally:
        await conn.close()


async def _own_topics(db: Database, bootstrap: str, service: str, restore: Restore, done: Recovered) -> None:
    names = [topic.name for topic in written_by(service) if not topic.name.endswith(".dlq")]
    own = OwnTopics(bootstrap, names, await table.known(db.pool))
    async for read in own.read():
        items = [_item(record, restore.translators) for record in read.records]
        for chunk in _chunks(_ordered(items, restore)):
            async with db.transaction() as tx:
                await _keep(tx, chunk)
                if facts := [item.fact for item in chunk if item.fact is not None]:
                    await restore.apply(tx, facts)
                    done.facts += len(facts)
        async with db.transaction() as tx:
            await table.reached(tx, read.ends, own.ids)
        done.gone += read.gone
        for record in read.records:
            done.records[record.topic] = done.records.get(record.topic, 0) + 1


def _item(record: Raw, translators: Mapping[str, Translator]) -> Item:
    item = decode(record, {record.topic: _nothing, **translators})
    if item.fault is not None:
        place = f"{record.topic}/{record.partition}/{record.offset}"
        raise RecoverRefused(f"{place} can't be read: {item.fault.reason}: {item.fault.error}")
    return item


def _nothing(_: Any, __: envelope.Envelope) -> None:
    """What a topic without a translator restores."""


def _ordered(items: Sequence[Item], restore: Restore) -> list[Item]:
    """By the time they were written down, then as the service wants its facts."""
    timed = sorted(items, key=lambda item: envelope.parse(item.record.headers).time)
    order = restore.order
    if order is None:
        return timed
    facts = sorted((item for item in timed if item.fact is not None), key=lambda item: order(item.fact))
    return facts + [item for item in timed if item.fact is None]


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))


async def _keep(tx: Tx, items: Sequence[Item]) -> None:
    """The outbox has them again, so that it can refill a broker; the relay sends them once more."""
    await tx.execute(_KEEP, rows(_outbox_row(item.record) for item in items))


def _outbox_row(record: Raw) -> dict[str, object]:
    read = envelope.parse(record.headers)
    return {
        "topic": record.topic,
        "key": (record.key or b"").decode(),
        "event_id": read.id,
        "subject": read.subject,
        "traceparent": read.traceparent,
        "value": orjson.Fragment(record.value or b"null"),
    }


async def run(dsn: str, bootstrap: str, service: str, restore: Restore, lost_at: str | None) -> str:
    """The command: what was done, in words. Raises ValueError for a moment that is none, RecoverRefused."""
    moment = None if lost_at is None else datetime.fromisoformat(lost_at).astimezone()
    try:
        return str(await recover(dsn, bootstrap, service, restore, lost_at=moment))
    except asyncpg.UndefinedTableError as error:
        raise RecoverRefused(f"the schema is old: run migrate first ({error})") from error
