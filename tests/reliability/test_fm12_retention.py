"""12: Kafka drops records before they were read; the outbox still has them."""

from aiokafka import TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete
from runtime.outbox import replay
from runtime.outbox.relay import Relay
from runtime_fixtures import admin_of, effects, grant, has, record, until


async def keep_once(tx, facts) -> None:
    """As a service does: its natural key makes a repeat harmless."""
    await tx.conn.executemany(
        "INSERT INTO effects SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM effects WHERE id = $1)",
        [(fact.grant_id, fact.amount_micro) for fact in facts],
    )


async def say_all(db, kafka: str, messages) -> None:
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await relay.start()
    await record(db, messages)
    await until(lambda: relay.sent >= len(messages), "all sent")
    await relay.stop()


async def all_again(db, dsn: str, kafka: str, count: int) -> None:
    await replay.run(dsn)
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await relay.start()
    await until(lambda: relay.sent >= count, "all sent again")
    await relay.stop()


async def test_fm12_records_that_were_dropped_unread_come_back_by_a_replay(
    db, dsn: str, kafka: str, make_bus, own_topic: str
) -> None:
    """Taken out: keeping rows that were sent. The replay was refused: `the outbox has no such rows`."""
    options = {"translators": {own_topic: lambda event, _: event}, "at_end": False}
    before, dropped, after = ([grant() for _ in range(10)] for _ in range(3))
    await say_all(db, kafka, before)
    bus = await make_bus(db, keep_once, **options)
    await until(lambda: has(db, before), "the first effects")
    await bus.stop()
    await say_all(db, kafka, dropped)
    async with admin_of(kafka) as admin:
        await admin.delete_records({TopicPartition(own_topic, 0): RecordsToDelete(before_offset=20)})
    await make_bus(db, keep_once, **options)
    await say_all(db, kafka, after)
    await until(lambda: has(db, after), "the reader goes on behind the gap")
    assert len(await effects(db)) == 20
    await all_again(db, dsn, kafka, 30)
    await until(lambda: has(db, dropped), "what was dropped")
    assert len(await effects(db)) == 30


async def test_fm12_a_topic_that_was_deleted_is_filled_again_and_nothing_takes_effect_twice(
    db, dsn: str, kafka: str, make_bus, own_topic: str
) -> None:
    """The outbox has dropped the day that was read, so what was lost comes where that stood before.

    Taken out: offsets by the broker's id of a topic (by its name instead). All that was lost was taken for
    read. Keeping rows that were sent: refused as above.
    """
    options = {"translators": {own_topic: lambda event, _: event}, "at_end": False}
    before, lost = [grant() for _ in range(10)], [grant() for _ in range(10)]
    await say_all(db, kafka, before)
    bus = await make_bus(db, keep_once, **options)
    await until(lambda: has(db, before), "the first effects")
    await bus.stop()
    await db.pool.execute("DELETE FROM outbox")
    await say_all(db, kafka, lost)
    async with admin_of(kafka) as admin:
        await admin.delete_topics([own_topic])

        async def gone() -> bool:
            return own_topic not in await admin.list_topics()

        await until(gone, "the topic's end")
        await admin.create_topics([NewTopic(own_topic, 1, 1)])
    await make_bus(db, keep_once, **options)
    await all_again(db, dsn, kafka, 10)
    await until(lambda: has(db, before + lost), "every effect")
    assert len(await effects(db)) == 20
