"""What a bench puts on topics, and what it sees there."""

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from contracts import envelope, topics
from contracts.events import Event

PARTITIONS = 12
PART = 5000

Said = tuple[Event, str, str]
"""An event, its subject and the name of the fact."""


async def send(bootstrap: str, said: Iterable[Said], per_second: float | None = None) -> None:
    """Send events as their services would, each made when it is its turn; returns when the broker has all."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=5, max_batch_size=262_144)
    await producer.start()
    try:
        pending: list[asyncio.Future[Any]] = []
        begin = time.perf_counter()
        for number, (event, subject, fact) in enumerate(said, 1):
            if per_second is not None:
                await asyncio.sleep(max(begin + number / per_second - time.perf_counter(), 0))
            pending.append(await producer.send(**_record(event, subject, fact)))
            if len(pending) >= PART:
                await asyncio.gather(*pending)
                pending = []
        await asyncio.gather(*pending)
    finally:
        await producer.stop()


def _record(event: Event, subject: str, fact: str) -> dict[str, Any]:
    topic = topics.topic_of(event)
    pairs = envelope.headers(
        event=envelope.event_id(topic.writer, subject, fact),
        source=topic.writer,
        kind=topic.type,
        subject=subject,
        time=datetime.now(UTC),
    )
    return {
        "topic": topic.name,
        "value": event.model_dump_json().encode(),
        "key": str(event.account_id).encode(),  # type: ignore[attr-defined]  # all of a bench's have one
        "headers": [(name, value.encode()) for name, value in pairs.items()],
    }


class Counter:
    """Counts the records of topics: one connection for many looks."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)

    async def __aenter__(self) -> "Counter":
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def ends(self, *names: str) -> dict[tuple[str, int], int]:
        """The next offset of every partition of these topics."""
        asked = [TopicPartition(name, n) for name in names for n in range(PARTITIONS)]
        found = await self._consumer.end_offsets(asked)
        return {(where.topic, where.partition): end for where, end in found.items()}

    async def count(self, name: str) -> int:
        """How many records a topic has had."""
        return sum((await self.ends(name)).values())
