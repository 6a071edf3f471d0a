"""A reader of the test topic that sees what comes from now on."""

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition


class Reader:
    """What a topic got since the reader was opened."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self.consumer, self.records = consumer, []

    async def subjects(self) -> list[str]:
        for batch in (await self.consumer.getmany(timeout_ms=50)).values():
            self.records += batch
        return [dict(r.headers)["ce_subject"].decode() for r in self.records]


@pytest.fixture
async def reader(kafka: str, topic: str):
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await from_now_on(consumer, topic, 12)
    yield Reader(consumer)
    await consumer.stop()


async def from_now_on(consumer: AIOKafkaConsumer, topic: str, count: int) -> None:
    """Start a consumer at the ends of a topic's first partitions."""
    await consumer.start()
    partitions = [TopicPartition(topic, n) for n in range(count)]
    consumer.assign(partitions)
    await consumer.seek_to_end(*partitions)
    for partition in partitions:
        await consumer.position(partition)


async def all_there(reader: Reader, wanted: set[str]) -> bool:
    """Whether records about all the wanted subjects have come."""
    return wanted <= set(await reader.subjects())
