"""The two waits of aiokafka and FastStream that a reader of ours doesn't have."""

import asyncio
import time
from collections import Counter

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from runtime.bus import poll
from runtime.bus.poll import PatientConsumer
from runtime_fixtures import keep, until
from topic_reader import from_now_on

pytestmark = pytest.mark.stack


@pytest.fixture
async def consumer(kafka: str, topic: str):
    consumer = PatientConsumer(bootstrap_servers=kafka)
    await from_now_on(consumer, topic, 2)
    yield consumer
    await consumer.stop()


@pytest.fixture
async def producer(kafka: str):
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    yield producer
    await producer.stop()


async def test_a_poll_ends_with_records_however_often_it_has_looked_in_vain(
    consumer, producer, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, getmany = Counter[str](), AIOKafkaConsumer.getmany

    async def counted(self, *partitions, **limits):
        looks["all"] += 1
        return await getmany(self, *partitions, **limits)

    monkeypatch.setattr(poll, "_LOOK_MS", 10)
    monkeypatch.setattr(AIOKafkaConsumer, "getmany", counted)
    polled = asyncio.create_task(consumer.getmany(timeout_ms=1))
    await until(lambda: looks["all"] > 3, "several looks in vain")
    assert not polled.done()
    await producer.send_and_wait(topic, b"at last", partition=1)
    (records,) = (await polled).values()
    assert [record.value for record in records] == [b"at last"]


async def test_while_records_are_in_hand_the_other_partitions_are_not_asked_for_alone(
    consumer, producer, topic: str
) -> None:
    """Seen to fail with aiokafka's own tenth of a second: a fetch of the idle partitions was under way."""
    together = producer.create_batch()
    for number in range(3):
        together.append(key=None, value=str(number).encode(), timestamp=None)
    await (await producer.send_batch(together, topic, partition=0))
    (first,) = (await consumer.getmany(max_records=1)).values()
    held = consumer._fetcher._records[TopicPartition(topic, 0)]
    await until(lambda: time.monotonic() > held._created + 0.3, "longer than aiokafka would wait")
    assert not consumer._fetcher._in_flight
    (rest,) = (await consumer.getmany()).values()
    assert [record.value for record in [*first, *rest]] == [b"0", b"1", b"2"]
    await until(lambda: bool(consumer._fetcher._in_flight), "a fetch of all partitions")


async def test_the_bus_reads_so(db, make_bus) -> None:
    """Seen to fail without `poll.connect`: the reader was aiokafka's own."""
    bus = await make_bus(db, keep)
    assert isinstance(bus._consumer(), PatientConsumer)
    await bus._restart()
    assert isinstance(bus._consumer(), PatientConsumer)
