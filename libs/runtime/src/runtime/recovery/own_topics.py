"""What a service has said since its database was backed up: its own topics, read on where its relay stood.

Partition by partition of all topics at once: an account's events meet under one partition number.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from contracts.topics import PARTITIONS

from runtime.bus.record import Raw
from runtime.bus.topic_ids import topic_ids

_POLL_MS = 500
_RECORDS_PER_POLL = 2000


@dataclass(frozen=True, slots=True)
class Read:
    """The records of one partition number, and up to where its topics are read by (topic, partition)."""

    records: list[Raw]
    ends: Mapping[tuple[str, int], int]
    gone: int
    """How many records lay beyond the stored offsets that Kafka doesn't keep any more."""


class OwnTopics:
    """A reader without a group: `known` is the next offset by (topic id, partition)."""

    def __init__(self, bootstrap: str, topics: Iterable[str], known: Mapping[tuple[str, int], int]) -> None:
        self._bootstrap, self._topics, self._known = bootstrap, sorted(topics), known
        self.ids: Mapping[str, str] = {}

    async def read(self) -> AsyncIterator[Read]:
        """All partition numbers in turn, each up to where it ends now. Raises aiokafka's KafkaError."""
        self.ids = await topic_ids(self._bootstrap, self._topics)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id="framebus-recover",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            for number in range(PARTITIONS):
                yield await self._read(consumer, [TopicPartition(topic, number) for topic in self.ids])
        finally:
            await consumer.stop()

    async def _read(self, consumer: AIOKafkaConsumer, asked: list[TopicPartition]) -> Read:
        consumer.assign(asked)
        begins = await consumer.beginning_offsets(asked)
        ends = await consumer.end_offsets(asked)
        starts = {tp: self._start(tp, begins[tp], ends[tp]) for tp in asked}
        for tp, start in starts.items():
            consumer.seek(tp, start)
        records = [record async for record in _until(consumer, ends)]
        gone = sum(max(begins[tp] - self._stored(tp), 0) for tp in asked if self._stored(tp))
        return Read(records, {(tp.topic, tp.partition): end for tp, end in ends.items()}, gone)

    def _stored(self, tp: TopicPartition) -> int:
        return self._known.get((self.ids[tp.topic], tp.partition), 0)

    def _start(self, tp: TopicPartition, begin: int, end: int) -> int:
        """Where to read on; from the beginning of a log that has lost its end."""
        stored = self._stored(tp)
        return begin if stored > end else max(stored, begin)


async def _until(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> AsyncIterator[Raw]:
    waiting = set(ends)
    while waiting := {tp for tp in waiting if await consumer.position(tp) < ends[tp]}:
        polled = await consumer.getmany(*waiting, timeout_ms=_POLL_MS, max_records=_RECORDS_PER_POLL)
        for tp, records in polled.items():
            for record in records:
                if record.offset < ends[tp]:
                    yield record
