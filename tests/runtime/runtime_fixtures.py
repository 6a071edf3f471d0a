"""A database with the runtime's own tables, a consumer group of one's own, and events to send."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from contracts import topics
from contracts.events import CreditsGranted
from contracts.ids import uuid7
from runtime import migrate
from runtime.bus.consumer import Bus
from runtime.bus.topic_ids import topic_ids
from runtime.db import Database
from runtime.outbox.recorder import Message, Outbox
from runtime.outbox.relay import Relay
from stack.servers import Servers

TOPIC = os.environ.setdefault("RUNTIME_TEST_TOPIC", f"test.credits.granted.{os.getpid()}")
"""This run's own place for grants: other runs use the same broker. Child processes inherit the name."""


class OwnTopic(topics.Topic):
    """The grants' topic under another name."""

    @property
    def type(self) -> str:
        """As everywhere."""
        return "credits.granted.v1"


def own_topics(name: str = TOPIC) -> dict[str, topics.Topic]:
    """The topic table with grants at a place of their own."""
    grants = topics.TOPICS["credits.granted"]
    own = OwnTopic(name, grants.says, grants.writer, grants.readers, grants.event)
    return {**topics.TOPICS, name: own, "credits.granted": own}


@pytest.fixture(scope="session")
async def kafka_topic(kafka: str) -> AsyncIterator[str]:
    """The topic, for as long as the run lasts."""
    async with admin_of(kafka) as admin:
        await admin.create_topics([NewTopic(TOPIC, 12, 1)])
        yield TOPIC
        await admin.delete_topics([TOPIC])


@asynccontextmanager
async def admin_of(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    yield admin
    await admin.close()


@pytest.fixture
def topic(kafka_topic: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The topic, known to the code under test."""
    monkeypatch.setattr(topics, "TOPICS", own_topics())
    return kafka_topic


@pytest.fixture
async def own_topic(kafka, monkeypatch):
    """A topic that only this test uses."""
    name = f"test.{uuid4().hex[:8]}"
    monkeypatch.setattr(topics, "TOPICS", own_topics(name))
    async with admin_of(kafka) as admin:
        await admin.create_topics([NewTopic(name, 1, 1)])
        yield name
        await admin.delete_topics([name])


@pytest.fixture(scope="session")
async def database(servers: Servers) -> AsyncIterator[str]:
    """The address of a database with the runtime's own tables."""
    name = f"t_runtime_{uuid4().hex}"  # more than one folder of tests has this fixture
    admin = await asyncpg.connect(servers.postgres_admin_dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    address = servers.postgres_admin_dsn.rsplit("/", 1)[0] + f"/{name}"
    await make_tables(address)
    yield address
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def make_tables(address: str) -> None:
    conn = await asyncpg.connect(address)
    await conn.execute(migrate.RUNTIME_DDL + migrate.WORK_DDL)
    await conn.execute("CREATE TABLE effects (id uuid NOT NULL, amount bigint CHECK (amount <> 13))")
    await migrate.add_own_tables(conn)
    await conn.close()


@pytest.fixture
async def dsn(database: str) -> str:
    """The same database, emptied: a new one for each test would cost a second."""
    conn = await asyncpg.connect(database)
    await conn.execute(
        "DELETE FROM outbox; DELETE FROM consumer_offsets; DELETE FROM dead_letters; DELETE FROM work;"
        "DELETE FROM effects; UPDATE outbox_cursor SET epoch = 1, txid = '0', id = 0"
    )
    await conn.close()
    return database


@pytest.fixture
async def db(dsn: str) -> AsyncIterator[Database]:
    made = Database(dsn, name="test", pool_size=6)
    await made.start()
    yield made
    await made.stop()


def grant(amount: int = 5, account: UUID | None = None) -> Message:
    event = CreditsGranted(
        grant_id=uuid7(),
        account_id=account or uuid4(),
        asset="credit",
        amount_micro=amount,
        kind="topup",
        reason="a test",
        granted_at=datetime.now(UTC),
    )
    return Message(event, key=str(event.account_id), subject=str(event.grant_id), fact="granted")


def ids_of(messages: list[Message]) -> set[str]:
    return {message.subject for message in messages}


async def record(db: Database, messages: list[Message]) -> None:
    outbox = Outbox("gateway")
    async with db.transaction() as tx:
        await outbox.record(tx, messages)


async def until(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Wait for a condition (plain or awaitable), not for a time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        await asyncio.sleep(0.01)
    raise AssertionError(f"never saw: {what}")


@pytest.fixture
async def make_bus(kafka: str, topic: str) -> AsyncIterator[Callable[..., Awaitable[Bus]]]:
    """Buses on a group of their own that begin at the topic's present end."""
    made: list[Bus] = []
    own_group = f"test-{uuid4().hex[:8]}"

    async def make(
        db: Database, apply: Any, *, start: bool = True, at_end: bool = True, group: str = "", **options: Any
    ) -> Bus:
        group = group or own_group
        if at_end:
            await begin_at_the_end(db, kafka, group)
        bus = Bus(
            db,
            Outbox("ledger"),
            service="ledger",
            group=group,
            bootstrap=kafka,
            apply=apply,
            **{"translators": {topic: lambda event, _: event}, **options},
        )
        made.append(bus)
        if start:
            await bus.start()
            await until(lambda: bus.unready() is None, "partitions assigned")
        return bus

    yield make
    for bus in made:
        await bus.stop()


async def begin_at_the_end(db: Database, kafka: str, group: str) -> None:
    from aiokafka import AIOKafkaConsumer, TopicPartition

    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    ends = await consumer.end_offsets([TopicPartition(TOPIC, n) for n in range(12)])
    await consumer.stop()
    ids = await topic_ids(kafka, [TOPIC])
    await db.pool.executemany(
        "INSERT INTO consumer_offsets (group_id, topic_id, topic, partition, next_offset)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        [(group, ids[TOPIC], TOPIC, tp.partition, end) for tp, end in ends.items()],
    )


async def keep(tx: Any, facts: list[CreditsGranted]) -> None:
    """A use case for tests: one row per fact, and 13 is bad data."""
    await tx.conn.executemany(
        "INSERT INTO effects VALUES ($1, $2)", [(fact.grant_id, fact.amount_micro) for fact in facts]
    )


async def effects(db: Database) -> list[str]:
    return [str(row["id"]) for row in await db.pool.fetch("SELECT id FROM effects")]


@pytest.fixture
async def say(db, kafka, topic):  # noqa: ARG001 -- the topic must be there
    """`await say(messages)` has them on the topic."""
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await relay.start()

    async def send(messages, through=None):
        before = relay.sent
        await record(through or db, messages)
        await relay.nudge()
        await until(lambda: relay.sent >= before + len(messages), "records sent")

    yield send
    await relay.stop()


@pytest.fixture
async def raw(kafka, topic):
    """`await raw(value, headers)` puts any bytes on the topic."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()

    async def send(value, headers=(), key=b"k"):
        await producer.send_and_wait(topic, value, key=key, headers=list(headers))

    yield send
    await producer.stop()


def good_headers(kind=b"credits.granted.v1"):
    return [
        ("ce_id", b"x:1"),
        ("ce_source", b"gateway"),
        ("ce_type", kind),
        ("ce_subject", b"s"),
        ("ce_time", b"2026-01-01T00:00:00Z"),
    ]


async def dead(db) -> list[str]:
    return [row["reason"] for row in await db.pool.fetch("SELECT reason FROM dead_letters ORDER BY id")]


async def has(db: Database, messages: list[Message]) -> bool:
    """Whether all messages took effect."""
    return ids_of(messages) <= set(await effects(db))
