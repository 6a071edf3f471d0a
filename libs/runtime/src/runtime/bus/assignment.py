"""One assignment of partitions: how far each is done, and which of the polled records count.

A batch keeps the assignment it came with. Once that is revoked, all it can still do is move offsets from
where this process left them, which the database refuses if anybody else did.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from runtime.bus import offsets
from runtime.bus.record import Item, Raw
from runtime.db import Database

log = structlog.get_logger()

Key = tuple[str, int]
"""Topic and partition."""

FindIds = Callable[[], Awaitable[Mapping[str, str]]]


@dataclass(slots=True)
class Position:
    """Where a partition stands: `sought` is where records were missing at the last look."""

    topic_id: str
    next_offset: int
    sought: int | None = None


class Assignment:
    """The partitions of one reader until they are revoked."""

    def __init__(self, db: Database, group: str, consumer: AIOKafkaConsumer, find_ids: FindIds) -> None:
        self._db, self._group, self._consumer, self._find_ids = db, group, consumer, find_ids
        self.ids: Mapping[str, str] = {}
        self.positions: dict[Key, Position] = {}

    async def seek(self, keys: Iterable[Key]) -> None:
        """Read the stored offsets and go there. Raises what the broker or the database raises."""
        self.ids = await self._find_ids()
        wanted = sorted(keys)
        found = await offsets.stored(self._db.pool, self._group, wanted, self.ids) if wanted else {}
        for key, next_offset in found.items():
            self.positions[key] = Position(self.ids[key[0]], next_offset)
        self.rewind(found)

    def rewind(self, keys: Iterable[Key]) -> None:
        """Poll again from where this process stands. Raises when a partition isn't assigned any more."""
        for key in keys:
            self._consumer.seek(TopicPartition(*key), self.positions[key].next_offset)

    async def fresh(self, records: Sequence[Raw]) -> list[Raw]:
        """The records that are next; the others are known already, or come again after a seek."""
        firsts: dict[Key, int] = {}
        for record in records:
            firsts.setdefault((record.topic, record.partition), record.offset)
        starts = {key: await self._start(key, first) for key, first in firsts.items()}
        return [
            record
            for record in records
            if (start := starts[record.topic, record.partition]) is not None and record.offset >= start
        ]

    def moves(self, items: Sequence[Item]) -> list[offsets.Move]:
        """The steps that the items make, in an order that is the same for everybody."""
        return [
            offsets.Move(self.positions[key].topic_id, key[1], self.positions[key].next_offset, next_offset)
            for key, next_offset in sorted(_ends(items).items())
        ]

    def done(self, items: Sequence[Item]) -> None:
        """The steps are committed."""
        for key, next_offset in _ends(items).items():
            self.positions[key].next_offset = next_offset

    async def _start(self, key: Key, first: int) -> int | None:
        """From which offset a partition's polled records count, or None when they come again."""
        position = self.positions.get(key)
        if position is None:
            return None
        if first == position.next_offset:
            return first
        if first > position.next_offset:
            return await self._gap(key, position, first)
        return await self._repeated(key, position, first)

    async def _gap(self, key: Key, position: Position, first: int) -> int | None:
        """Records are missing: look again; if they still are, or the log begins here, they are gone."""
        partition = TopicPartition(*key)
        begin = (await self._consumer.beginning_offsets([partition]))[partition]
        if begin < first and position.sought != position.next_offset:
            position.sought = position.next_offset
            self.rewind([key])
            return None
        if position.next_offset:  # a reader that is new to an old log has lost nothing
            log.error("records_gone", topic=key[0], partition=key[1], after=position.next_offset, first=first)
        return first

    async def _repeated(self, key: Key, position: Position, first: int) -> int | None:
        """Records from before the stored offset: a second delivery, or a log that lost its end.

        Of a log that ends before the stored offset nobody knows which records are new: all count again.
        """
        partition = TopicPartition(*key)
        end = (await self._consumer.end_offsets([partition]))[partition]
        if end >= position.next_offset:
            return position.next_offset
        await self.seek([key])
        position = self.positions[key]
        if end < position.next_offset:
            log.error("log_lost_its_end", topic=key[0], partition=key[1], end=end, known=position.next_offset)
            move = offsets.Move(position.topic_id, key[1], position.next_offset, first)
            async with self._db.transaction() as tx:
                await offsets.advance(tx, self._group, [move])
            position.next_offset = first
            self.rewind([key])
        return None


def _ends(items: Sequence[Item]) -> dict[Key, int]:
    return {(item.record.topic, item.record.partition): item.record.offset + 1 for item in items}
