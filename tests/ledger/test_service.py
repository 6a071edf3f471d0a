"""The whole service on a real broker: records in, events out, holds that expire by themselves."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from contracts import envelope, events, topics
from ledger.app import build
from ledger.settings import Settings
from pydantic import SecretStr
from runtime.bus.backlog import first_behind
from runtime.bus.ends import read_ends

pytestmark = pytest.mark.stack
NOW = datetime.now(UTC)


class Bus:
    """A client of the broker that speaks for the other services."""

    def __init__(self, producer: AIOKafkaProducer, consumer: AIOKafkaConsumer) -> None:
        self._producer, self._consumer = producer, consumer
        self._records: list[tuple[str, envelope.Envelope, bytes]] = []

    async def send(self, event: Any, subject: UUID) -> None:
        topic = topics.topic_of(event)
        headers = envelope.headers(
            event=str(uuid4()),
            source=topic.writer,
            kind=topic.type,
            subject=str(subject),
            time=NOW,
            traceparent="00-trace",
        )
        await self._producer.send_and_wait(
            topic.name,
            event.model_dump_json().encode(),
            key=str(event.account_id).encode(),
            headers=[(name, value.encode()) for name, value in headers.items()],
        )

    async def heard(self, topic: str, subject: UUID, within: float = 60) -> Any:
        """The next event about the subject."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            for place, (name, about, value) in enumerate(self._records):
                if (name, about.subject) == (topic, str(subject)):
                    del self._records[place]
                    assert (about.source, about.traceparent) == ("ledger", "00-trace")
                    return topics.TOPICS[topic].event.model_validate_json(value)
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                self._records += [(r.topic, envelope.parse(r.headers), r.value) for r in records]
        raise AssertionError(f"no {topic} about {subject}")


@pytest.fixture
async def bus(kafka: str) -> AsyncIterator[Bus]:
    producer, consumer = AIOKafkaProducer(bootstrap_servers=kafka), AIOKafkaConsumer(bootstrap_servers=kafka)
    await producer.start()
    await consumer.start()
    spoken = [
        TopicPartition(topic.name, partition)
        for topic in topics.written_by("ledger")
        for partition in range(topics.PARTITIONS)
    ]
    consumer.assign(spoken)
    for partition, end in (await consumer.end_offsets(spoken)).items():
        consumer.seek(partition, end)
    yield Bus(producer, consumer)
    await consumer.stop()
    await producer.stop()


def request(a: UUID, t: UUID, quote: int, deadline: datetime) -> events.TaskRequested:
    return events.TaskRequested(
        task_id=t,
        account_id=a,
        asset="credit",
        model="m",
        input={},
        quote_micro=quote,
        price_rule={},
        requested_at=NOW,
        deadline=deadline,
        surface="v1",
        key_id=None,
        request_id="r",
    )


async def test_records_become_money_and_money_becomes_events(
    kafka: str, bus: Bus, service_db: Callable[[str], Awaitable[str]], a: UUID, t: UUID
) -> None:
    dsn, group = await service_db("ledger"), f"ledger-{uuid4()}"
    settings = Settings(
        environment="dev",
        database_dsn=SecretStr(dsn),
        kafka_bootstrap=kafka,
        consumer_group=group,
        hold_margin_seconds=0,
        sweep_every_seconds=0.3,
        sweep_calm_seconds=1,
    )
    await _read_from_here(kafka, dsn, group)
    built = build(settings, frozenset({"consumer", "worker"}))
    for part in built.parts:
        await part.start()
    try:
        await bus.send(grant := _grant(a), grant.grant_id)
        changed = await bus.heard("credits.changed", grant.grant_id)
        assert changed.balance == events.Balance(available_micro=100, held_micro=0, version=2)

        await bus.send(request(a, t, 30, datetime.now(UTC) + timedelta(hours=1)), t)
        assert (await bus.heard("credits.frozen", t)).balance.held_micro == 30
        await bus.send(_stored(a, t), t)
        await bus.send(_succeeded(a, t, 12), t)
        settled = await bus.heard("task.settled", t)
        assert (settled.outcome, settled.charged_micro, settled.balance.available_micro) == (
            "settled",
            12,
            88,
        )

        left = uuid4()
        await bus.send(request(a, left, 8, datetime.now(UTC) + timedelta(hours=1)), left)
        assert (await bus.heard("credits.frozen", left)).held_micro == 8
        conn = await asyncpg.connect(dsn)
        await conn.execute("UPDATE tasks SET expires_at = now() + interval '1 s' WHERE task_id = $1", left)
        await conn.close()
        expired = await bus.heard("task.settled", left)
        assert (expired.outcome, expired.reason) == ("released", "hold_expired")
        assert expired.balance.available_micro == 88
        assert [part.fault() for part in built.parts] == [None] * len(built.parts)
        await _nothing_is_behind_or_all_is(kafka, built.parts[0], group)
    finally:
        for part in reversed(built.parts):
            await part.stop()


async def _read_from_here(kafka: str, dsn: str, group: str) -> None:
    """The broker holds what other tests have said: leave it out."""
    ends = await read_ends(kafka, [topic.name for topic in topics.read_by("ledger")])
    conn = await asyncpg.connect(dsn)
    await conn.executemany(
        "INSERT INTO consumer_offsets (group_id, topic, topic_id, partition, next_offset)"
        " VALUES ($1, $2, $3, $4, $5)",
        [(group, *place, end) for place, end in ends.items()],
    )
    await conn.close()


async def _nothing_is_behind_or_all_is(kafka: str, db: Any, group: str) -> None:
    """What the broker holds compares with the offsets of the group that read it, and of one that didn't."""
    names = [topic.name for topic in topics.read_by("ledger")]
    ends = await read_ends(kafka, names)
    assert {topic for topic, _, _ in ends} == set(names)
    assert len(ends) == topics.PARTITIONS * len(names)
    async with asyncio.timeout(60):
        while await first_behind(db.pool, group, ends) is not None:
            await asyncio.sleep(0.05)
    assert "is handled up to 0 of" in (await first_behind(db.pool, "nobody", ends) or "")


async def test_a_missing_topic_is_said_so(kafka: str) -> None:
    with pytest.raises(LookupError, match="no such topic: nonsense"):
        await read_ends(kafka, ["asset.stored", "nonsense"])


def _grant(a: UUID) -> events.CreditsGranted:
    return events.CreditsGranted(
        grant_id=uuid4(),
        account_id=a,
        asset="credit",
        amount_micro=100,
        kind="topup",
        reason="test",
        granted_at=NOW,
    )


def _succeeded(a: UUID, t: UUID, actual: int) -> events.ProviderCompleted:
    return events.ProviderCompleted(
        task_id=t,
        account_id=a,
        attempt=1,
        outcome="succeeded",
        model="m",
        actual_micro=actual,
        completed_at=NOW,
    )


def _stored(a: UUID, t: UUID) -> events.AssetStored:
    return events.AssetStored(task_id=t, account_id=a, attempt=1, outcome="stored", stored_at=NOW)
