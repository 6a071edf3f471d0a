"""The outbox: what is committed reaches Kafka, nothing is skipped, whoever dies."""

import asyncio
import gc
import time
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest
from aiokafka.partitioner import DefaultPartitioner
from contracts.events import CreditsFrozen
from runtime.db import Database
from runtime.outbox import table
from runtime.outbox.record import partition_of
from runtime.outbox.recorder import Message, Outbox
from runtime.outbox.relay import Relay
from runtime_fixtures import grant, ids_of, record, until
from topic_reader import all_there


@pytest.fixture
async def relay(db: Database, kafka: str, topic: str):  # noqa: ARG001 -- the topic must be there
    made = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05, batch=50)
    yield made
    await made.stop()


async def test_a_committed_event_reaches_its_topic_with_its_envelope(db, relay, reader) -> None:
    message = grant()
    await relay.start()
    await record(db, [message])
    await until(lambda: all_there(reader, ids_of([message])), "the record")
    headers = {name: value.decode() for name, value in reader.records[-1].headers}
    assert headers["ce_id"] == f"gateway:{message.subject}:granted:1"
    assert (headers["ce_type"], headers["ce_source"]) == ("credits.granted.v1", "gateway")
    assert reader.records[-1].key.decode() == message.key


async def record_and_fail(db: Database, message: Message) -> None:
    async with db.transaction() as tx:
        await Outbox("gateway").record(tx, [message])
        raise RuntimeError("the business failed")


async def test_a_rolled_back_event_is_never_said(db, relay, reader) -> None:
    await relay.start()
    never, said = grant(), grant()
    with pytest.raises(RuntimeError):
        await record_and_fail(db, never)
    await record(db, [said])
    await until(lambda: all_there(reader, ids_of([said])), "the later record")
    assert never.subject not in await reader.subjects()


async def test_transaction_ids_are_read_in_the_order_of_numbers_not_of_text(db, relay, reader) -> None:
    """9 before 10: with ids compared as text the cursor would jump to 9 and skip all that begins with 1."""
    messages = [grant() for _ in range(60)]
    await record(db, messages)
    current = int(await db.pool.fetchval("SELECT pg_current_xact_id()::text"))
    assert current > 100
    await db.pool.execute("UPDATE outbox SET txid = (CASE WHEN id % 2 = 0 THEN '99' ELSE '100' END)::xid8")
    await relay.start()  # its batch is 50: the two transactions are read apart
    await until(lambda: all_there(reader, ids_of(messages)), "all records")


async def test_only_one_relay_works_and_the_next_takes_over(db, kafka, reader) -> None:
    first = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    second = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await first.start()
    await until(lambda: first._leading, "the first leads")
    await second.start()
    messages = [grant() for _ in range(3)]
    await record(db, messages)
    await second.nudge()  # not the leader: it passes the hint on
    await until(lambda: first.sent == 3, "the leader sends")
    assert second.sent == 0
    await first.stop()
    await record(db, messages_after := [grant()])
    await until(lambda: second.sent == 1, "the second took over")
    await until(lambda: all_there(reader, ids_of(messages_after)), "the record")
    await second.stop()


async def test_a_stopped_relay_has_sent_what_was_committed(db, kafka, reader) -> None:
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=5)
    await relay.start()
    await until(lambda: relay._leading, "it leads")
    messages = [grant() for _ in range(200)]
    await record(db, messages)
    await relay.stop()
    assert relay.sent == 200
    await until(lambda: all_there(reader, ids_of(messages)), "all records")


async def test_a_topic_of_another_service_is_refused(db) -> None:
    frozen = CreditsFrozen.model_construct()
    async with db.transaction() as tx:
        with pytest.raises(ValueError, match="written by ledger, not by gateway"):
            await Outbox("gateway").record(tx, [Message(frozen, key="k", subject="s", fact="frozen")])


async def test_partitions_are_made_ahead_and_only_sent_ones_are_dropped(db) -> None:
    assert not await table.partition_missing_soon(db.pool)
    await db.pool.execute(
        "CREATE TABLE outbox_20200101 PARTITION OF outbox FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')"
    )
    await db.pool.execute(
        "INSERT INTO outbox (created_at, topic, key, event_id, subject, value)"
        " VALUES ('2020-01-01 12:00Z', 'credits.granted', 'k', 'e', 's', '{}')"
    )
    assert await table.drop_expired(db.pool, 7) == []  # a row in it was never sent
    await db.pool.execute("UPDATE outbox_cursor SET txid = pg_current_xact_id(), id = 1 << 30")
    assert await table.drop_expired(db.pool, 7) == ["outbox_20200101"]
    day = await db.pool.fetchval("SELECT to_char((now() AT TIME ZONE 'UTC')::date + 1, 'YYYYMMDD')")
    await db.pool.execute(f"DROP TABLE outbox_{day}")
    assert await table.partition_missing_soon(db.pool)
    assert await table.ensure_partitions(db.pool) == [day]


async def test_the_relay_finds_its_way_back_to_a_broker_that_was_away(
    db, kafka, reader, monkeypatch, caplog
) -> None:
    """It tries again now and then, not as fast as it can, though what is written nudges it all the time."""
    tries = 0
    connect = Database.connect

    async def counted(self, purpose):
        nonlocal tries
        tries += 1
        return await connect(self, purpose)

    monkeypatch.setattr(Database, "connect", counted)
    relay = Relay(db, service="gateway", bootstrap="127.0.0.1:1", idle_seconds=0.05)
    await relay.start()
    messages = [grant() for _ in range(3)]
    await record(db, messages)
    await until(lambda: relay.unready() is not None, "the relay says that it can't send")
    relay._leading = True  # as it is for a moment when its broker goes
    await relay.nudge()
    relay._leading = False
    before = tries
    await asyncio.sleep(1)
    assert tries - before < 6
    relay._bootstrap = kafka
    await until(lambda: all_there(reader, ids_of(messages)), "all records")
    await until(lambda: relay.unready() is None, "the relay is well again")
    await relay.stop()
    gc.collect()
    assert "Unclosed" not in caplog.text


async def test_a_relay_whose_connection_is_cut_takes_the_lock_again_and_goes_on(db, relay, reader) -> None:
    await relay.start()
    before, after = [grant() for _ in range(3)], [grant() for _ in range(3)]
    await record(db, before)
    await until(lambda: relay.sent == 3, "the first records")
    held = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database"
    pid = await db.pool.fetchval(f"{held} WHERE datname = current_database())")
    await db.pool.execute("SELECT pg_terminate_backend($1)", pid)
    await record(db, after)
    await until(lambda: all_there(reader, ids_of(before + after)), "all records")
    await until(lambda: relay.sent == 6, "each sent once")


async def test_an_older_transaction_is_waited_for_without_haste(db, relay) -> None:
    await relay.start()
    await until(lambda: relay._leading, "it leads")
    conn = await db.connect("slow")
    async with conn.transaction():
        await conn.fetchval("SELECT pg_current_xact_id()")
        await record(db, [grant()])
        looks, look = 0, asyncpg.Connection.fetch

        async def counted(self, *args, **options):
            nonlocal looks
            looks += 1
            return await look(self, *args, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncpg.Connection, "fetch", counted)
            began = time.monotonic()
            await asyncio.sleep(1.5)
            await until(lambda: looks > 5, "it goes on looking")
            assert looks < 40 * (time.monotonic() - began)
    await until(lambda: relay.sent == 1, "the record")
    await conn.close()


async def test_partitions_are_made_although_the_broker_is_away_and_a_missing_one_is_said(db) -> None:
    day = await db.pool.fetchval("SELECT to_char((now() AT TIME ZONE 'UTC')::date + 1, 'YYYYMMDD')")
    await db.pool.execute(f"DROP TABLE outbox_{day}")
    relay = Relay(db, service="gateway", bootstrap="127.0.0.1:1", idle_seconds=0.05)
    conn = await db.connect("writer")
    async with conn.transaction():
        await conn.execute("LOCK TABLE outbox IN ROW EXCLUSIVE MODE")  # as any writer does
        await relay.start()
        await until(lambda: "partition" in (relay._missing or ""), "it says that one is missing")
    relay._maintain_at = 0.0  # a minute later
    await until(lambda: relay._missing is None, "it is made")
    assert not await table.partition_missing_soon(db.pool)
    await relay.stop()
    await conn.close()


async def test_an_event_too_large_for_the_broker_is_refused_when_it_is_written(db) -> None:
    small = grant()
    large = replace(small, event=small.event.model_copy(update={"reason": "x" * 1_000_000}))
    async with db.transaction() as tx:
        with pytest.raises(ValueError, match="don't ride the bus"):
            await Outbox("gateway").record(tx, [large])


def test_records_go_where_any_kafka_client_would_put_their_key() -> None:
    partitions = list(range(12))
    for key in (uuid4().bytes.hex().encode() for _ in range(200)):
        assert partition_of(key, partitions, partitions) == DefaultPartitioner()(key, partitions, partitions)
