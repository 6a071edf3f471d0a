"""The bus when its surroundings fail: nothing is lost, nothing stays stuck, nobody has to restart it."""

import asyncio
import contextlib

import pytest
from aiokafka import AIOKafkaProducer
from runtime.bus import consumer, watch
from runtime.bus.consumer import Bus
from runtime_fixtures import TOPIC, dead, good_headers, grant, has, keep, until


@contextlib.contextmanager
def database_away(db):
    """Every use of the pool fails meanwhile."""
    pool, db._pool = db._pool, None
    try:
        yield
    finally:
        db._pool = pool


async def test_bad_records_in_a_batch_that_is_tried_again_are_counted_once(db, make_bus, say, raw) -> None:
    """Taken out to see it fail: counting dead letters after the commit, not before."""
    failures = iter(range(5))

    async def flaky(tx, facts) -> None:
        await keep(tx, facts)
        if next(failures, None) is not None:
            raise ConnectionResetError("gone")

    message = grant()
    bus: Bus = await make_bus(db, flaky, start=False, dead_letters_per_minute=3)
    await raw(b"{", good_headers(), key=message.key.encode())
    await say([message])
    await bus.start()
    await until(lambda: has(db, [message]), "the effect")
    assert await dead(db) == ["schema_invalid"]
    assert bus.unready() is None


async def test_a_record_that_a_translator_stumbles_over_is_a_dead_letter(db, make_bus, say) -> None:
    bad, good = grant(amount=7), grant()

    def translate(event, _):
        return event if event.amount_micro != 7 else event.no_such_field

    await make_bus(db, keep, translators={TOPIC: translate})
    await say([bad, good])
    await until(lambda: has(db, [good]), "the neighbour's effect")
    await until(lambda: _dead(db, ["untranslatable"]), "the dead letter")


async def _dead(db, reasons: list[str]) -> bool:
    return await dead(db) == reasons


async def test_a_record_with_a_header_that_jsonb_refuses_is_a_dead_letter(db, make_bus, raw) -> None:
    await make_bus(db, keep)
    await raw(b"{", [("a\0b", b"c\0d")])
    await until(lambda: _dead(db, ["envelope_incomplete"]), "the dead letter")


async def test_a_clash_with_another_writer_that_does_not_repeat_is_no_dead_letter(db, make_bus, say) -> None:
    clashes = iter([ValueError("the row came in between")])

    async def clash(tx, facts) -> None:
        await keep(tx, facts)
        for error in clashes:
            raise error

    message = grant()
    await make_bus(db, clash)
    await say([message])
    await until(lambda: has(db, [message]), "the effect")
    assert await dead(db) == []


async def test_a_database_away_for_longer_than_a_batch_is_held_loses_nothing(
    db, make_bus, say, monkeypatch
) -> None:
    """Taken out to see it fail: seeking back without asking the database."""
    monkeypatch.setattr(consumer, "_GIVE_BACK_SECONDS", 0.3)
    message = grant()
    bus: Bus = await make_bus(db, keep)
    with database_away(db):
        async with asyncio.timeout(60):
            dsn_only = type(db)(db.dsn, name="aside", pool_size=1)
            await dsn_only.start()
            await say([message], dsn_only)
            await dsn_only.stop()
        await until(lambda: "not started" in (bus.unready() or ""), "the reader says so")
        await asyncio.sleep(1.5)  # some give-backs
    await until(lambda: has(db, [message]), "the effect")
    await until(lambda: bus.unready() is None, "the reader is well")


async def test_a_reader_stops_at_once_while_its_database_is_away(db, make_bus) -> None:
    bus: Bus = await make_bus(db, keep, start=False)
    with database_away(db):
        await bus.start()
        await until(bus._subscriber.consumer.assignment, "partitions that it can't seek")
        async with asyncio.timeout(15):  # not until its batch is given back, or its partitions are
            await bus.stop()


async def test_a_reader_with_a_batch_that_fails_stops_at_once_and_the_batch_is_left(
    db, make_bus, say
) -> None:
    tried = asyncio.Event()

    async def fail(*_) -> None:
        tried.set()
        raise ConnectionResetError("gone")

    message = grant()
    bus: Bus = await make_bus(db, fail)
    await say([message])
    await asyncio.wait_for(tried.wait(), 20)
    async with asyncio.timeout(15):
        await bus.stop()
    await make_bus(db, keep, at_end=False)
    await until(lambda: has(db, [message]), "the effect at the next reader")


async def tell(kafka, topic, messages):
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    for message in messages:
        value = message.event.model_dump_json().encode()
        await producer.send_and_wait(topic, value, headers=good_headers())
    await producer.stop()


async def test_a_log_that_lost_its_end_is_read_again_not_skipped(db, kafka, make_bus, own_topic) -> None:
    """As after a power cut at the broker: it gives out offsets again that this reader has stored."""
    before, after = [grant() for _ in range(3)], [grant() for _ in range(3)]
    options = {"translators": {own_topic: lambda event, _: event}, "at_end": False}
    await tell(kafka, own_topic, before)
    bus: Bus = await make_bus(db, keep, **options)
    await until(lambda: has(db, before), "the effects")
    await bus.stop()
    await db.pool.execute("UPDATE consumer_offsets SET next_offset = 100; DELETE FROM effects")
    await make_bus(db, keep, **options)
    await tell(kafka, own_topic, after)
    await until(lambda: has(db, before + after), "all effects")


async def test_an_offset_that_holds_no_record_does_not_stop_the_reader(db, make_bus, kafka) -> None:
    """A transaction's end marker takes an offset: a gap that stays when it is looked for again."""
    first, second = grant(), grant()
    await make_bus(db, keep)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=f"test-{first.subject}")
    await producer.start()
    for message in (first, second):
        value = message.event.model_dump_json().encode()
        async with producer.transaction():
            await producer.send(TOPIC, value, key=b"same", headers=good_headers())
        await until(lambda message=message: has(db, [message]), "the effect")
    await producer.stop()


@pytest.fixture
def watchful(monkeypatch):
    """A watch that needs a second, not half a minute."""
    monkeypatch.setattr(consumer, "_WATCH_SECONDS", 0.1)
    monkeypatch.setattr(watch, "QUIET_SECONDS", 0.5)


@pytest.mark.usefixtures("watchful")
async def test_a_reader_whose_fetches_have_ended_is_started_again(db, make_bus, say) -> None:
    bus: Bus = await make_bus(db, keep)
    stalled = bus._subscriber.consumer
    stalled._fetcher._fetch_task.cancel()
    await asyncio.wait(stalled._fetcher._pending_tasks)  # what the broker still answers
    message = grant()
    await say([message])
    await until(lambda: has(db, [message]), "the effect")
    assert bus._subscriber.consumer is not stalled
    assert bus.fault() is None


@pytest.mark.usefixtures("watchful")
async def test_a_reader_whose_heartbeat_has_died_comes_back_even_if_its_broker_goes_meanwhile(
    db, make_bus, say, monkeypatch
) -> None:
    """Taken out to see it fail: starting the subscriber again until it works."""
    bus: Bus = await make_bus(db, keep)
    dead_consumer, start, refusals = bus._subscriber.consumer, bus._subscriber.start, iter(range(2))

    async def refuse() -> None:
        if next(refusals, None) is not None:
            raise ConnectionError("no broker")
        await start()

    monkeypatch.setattr(type(bus._subscriber), "start", lambda _: refuse())
    failed = asyncio.get_running_loop().create_future()
    failed.set_exception(RuntimeError("unknown code 14"))
    dead_consumer._coordinator._heartbeat_task.cancel()
    dead_consumer._coordinator._heartbeat_task = failed
    message = grant()
    await until(lambda: bus._subscriber.consumer not in (None, dead_consumer), "a new consumer")
    await say([message])
    await until(lambda: has(db, [message]), "the effect")


@pytest.mark.usefixtures("watchful")
async def test_an_idle_reader_is_left_alone(db, make_bus, say, monkeypatch) -> None:
    bus: Bus = await make_bus(db, keep)
    before = bus._subscriber.consumer
    await asyncio.sleep(1.5)
    monkeypatch.setattr(consumer, "_WATCH_SECONDS", 10)  # a record that is on its way is none that waits
    message = grant()
    await say([message])
    await until(lambda: has(db, [message]), "the effect")
    await asyncio.sleep(0.5)
    assert bus._subscriber.consumer is before
