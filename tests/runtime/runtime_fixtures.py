"""A database with the runtime's own tables, a consumer group of one's own, and events to send."""

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from contracts.events import CreditsGranted
from contracts.ids import uuid7
from runtime import migrate
from runtime.bus.consumer import Bus
from runtime.bus.topic_ids import topic_ids
from runtime.db import Database
from runtime.outbox import table
from runtime.outbox.recorder import Message, Outbox
from stack.servers import Servers

TOPIC = "credits.granted"
_numbers = itertools.count(1)


@pytest.fixture
async def dsn(servers: Servers) -> AsyncIterator[str]:
    name = f"t_runtime_{os.getpid()}_{next(_numbers)}"
    admin = await asyncpg.connect(servers.postgres_admin_dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    address = servers.postgres_admin_dsn.rsplit("/", 1)[0] + f"/{name}"
    conn = await asyncpg.connect(address)
    await conn.execute(migrate.RUNTIME_DDL + migrate.WORK_DDL)
    await conn.execute("CREATE TABLE effects (id uuid NOT NULL, amount bigint CHECK (amount <> 13))")
    await table.ensure_partitions(conn)
    await conn.close()
    yield address
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


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


async def until(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
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
async def make_bus(kafka: str) -> AsyncIterator[Callable[..., Awaitable[Bus]]]:
    """Buses on a group of their own that begin at the topic's present end."""
    made: list[Bus] = []
    group = f"test-{uuid4().hex[:8]}"

    async def make(
        db: Database, apply: Any, *, start: bool = True, at_end: bool = True, **options: Any
    ) -> Bus:
        if at_end:
            await _begin_at_the_end(db, kafka, group)
        bus = Bus(
            db,
            Outbox("ledger"),
            service="ledger",
            group=group,
            bootstrap=kafka,
            translators={TOPIC: lambda event, _: event},
            apply=apply,
            **options,
        )
        made.append(bus)
        if start:
            await bus.start()
            await until(lambda: bus.unready() is None, "partitions assigned")
        return bus

    yield make
    for bus in made:
        await bus.stop()


async def _begin_at_the_end(db: Database, kafka: str, group: str) -> None:
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
