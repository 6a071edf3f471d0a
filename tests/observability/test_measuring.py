"""The gauges of what databases and the broker hold, on real ones."""

import asyncio
from importlib import import_module
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from contracts.topics import read_by
from prometheus_client import REGISTRY
from runtime import metrics, readings
from runtime.bus.ends import TopicEnds
from runtime.db import Database
from runtime.measure import Measure, Reading

pytestmark = pytest.mark.stack
KINDS = {"dispatcher": ("job", "turn"), "callbacks": ("deliver",), "storage": ("copy", "erase")}


@pytest.fixture
async def topic(kafka: str) -> str:
    """A topic that nobody else uses."""
    name, admin = f"lag-{uuid4().hex[:8]}", AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name=name, num_partitions=3, replication_factor=1)])
    finally:
        await admin.close()
    return name


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


@pytest.mark.parametrize("service", ["gateway", "ledger", "dispatcher", "callbacks", "storage"])
async def test_all_that_is_measured_of_a_service_has_a_value_on_an_empty_database(
    open_db, kafka: str, service: str
) -> None:
    db = await open_db(service)
    topics = [topic.name for topic in read_by(service)]
    ends = TopicEnds(kafka, topics, client_id="test")
    common = [
        readings.lag(ends, service, f"never-{service}"),
        readings.outbox(service),
        readings.dead_letters(service, topics),
        readings.horizon(service),
        *([readings.work(service, KINDS[service])] if service in KINDS else []),
    ]
    own = [] if service == "storage" else import_module(f"{service}.usecases.measure").readings()
    measure = Measure(db, [*common, *own], service=service, every_seconds=60, ends=ends)
    await measure()
    await measure.stop()
    assert value("framebus_measured_timestamp_seconds", service=service)
    assert value("framebus_outbox_delay_seconds", service=service) == 0
    assert value("framebus_dead_letters_open", service=service, topic=topics[0]) == 0
    for gauge in (gauge for reading in own for gauge in reading.gauges):
        [family] = gauge.collect()
        assert all(sample.value == sample.value for sample in family.samples), f"{family.name} was not set"


async def test_lag_is_what_the_broker_has_and_the_group_has_not_handled(
    open_db, topic: str, kafka: str
) -> None:
    db, ends = await open_db("ledger"), TopicEnds(kafka, [topic], client_id="test")
    reading = readings.lag(ends, "test", "some")
    try:
        await _send(kafka, topic, 3)
        assert await _lag(reading, db) == 3
        [place] = [key for key, end in (await ends.read()).items() if end]
        stored = "INSERT INTO consumer_offsets (group_id, topic, topic_id, partition, next_offset)"
        await db.pool.execute(f"{stored} VALUES ('some', $1, $2, $3, 2)", *place)
        assert await _lag(reading, db) == 1
    finally:
        await ends.close()


async def test_who_has_read_nothing_lags_by_what_is_kept(open_db, topic: str, kafka: str) -> None:
    db, ends = await open_db("ledger"), TopicEnds(kafka, [topic], client_id="test")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await _send(kafka, topic, 5)
        [place] = [
            TopicPartition(name, number) for (name, _, number), end in (await ends.read()).items() if end
        ]
        await admin.delete_records({place: RecordsToDelete(before_offset=4)})
        assert await _lag(readings.lag(ends, "test", "nobody"), db) == 1
    finally:
        await admin.close()
        await ends.close()


async def test_what_cannot_be_measured_is_not_told_and_the_others_are(open_db) -> None:
    db = await open_db("ledger")
    metrics.DELAY.labels("broken").set(5)

    async def fail(_: object) -> list[dict[tuple[str, ...], float]]:
        raise ConnectionError("away")

    broken = Reading("broken", [metrics.DELAY], fail)
    measure = Measure(db, [broken, readings.horizon("whole")], service="broken", every_seconds=60)
    await measure()
    assert value("framebus_outbox_delay_seconds", service="broken") is None
    assert value("framebus_db_horizon_age_seconds", service="whole") is not None
    assert value("framebus_measured_timestamp_seconds", service="broken") is None


async def test_a_transaction_that_stays_open_is_seen_to_hold_the_horizon(open_db) -> None:
    db = await open_db("ledger")
    reading = readings.horizon("held")

    async def age() -> float:
        async with db.pool.acquire() as conn:
            [values] = await reading.take(conn)
        return values[("held",)]

    holder = await db.connect("holder")
    try:
        transaction = holder.transaction()
        await transaction.start()
        await holder.fetchval("SELECT pg_current_xact_id()")
        first = await age()
        await db.pool.execute("SELECT pg_current_xact_id()")
        await asyncio.sleep(0)
        assert await age() > first
        await transaction.rollback()
    finally:
        await holder.close()


async def _lag(reading: Reading, db: Database) -> float:
    [values] = await reading.take(db.pool)
    return sum(values.values())


async def _send(kafka: str, topic: str, records: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        for _ in range(records):
            await producer.send_and_wait(topic, b"{}", key=b"one place")
    finally:
        await producer.stop()
