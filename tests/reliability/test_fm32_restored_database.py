"""32: a restored database is behind the offsets. They are in it, so it is behind with them and reads again.

The whole way, from a dump and with five minutes of load between, is `tests/recovery`'s; here is what it
rests on: effects and offsets of one moment, under a group whose offsets in Kafka have moved on.
"""

from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from runtime.db import Database
from runtime_fixtures import TOPIC, effects, grant, has, ids_of, keep, until


async def test_fm32_a_database_of_an_earlier_moment_catches_up_by_itself(
    db: Database, say: Any, make_bus: Any, kafka: str
) -> None:
    """The broker would say that all is read; the offsets in the rows count.

    Failed without the seek to the stored offsets at assignment: the rest never came again.
    """
    group = f"fm32-{uuid4().hex[:8]}"
    first = await make_bus(db, keep, group=group)
    before, after = [grant() for _ in range(10)], [grant() for _ in range(15)]
    await say(before)
    await until(lambda: has(db, before), "the effects before the backup")
    backup = {name: await db.pool.fetch(f"SELECT * FROM {name}") for name in ("effects", "consumer_offsets")}
    await say(after)
    await until(lambda: has(db, after), "the effects after the backup")
    await first.stop()
    await all_is_read(kafka, group)

    async with db.transaction() as tx:
        for name, rows in backup.items():
            await tx.execute(f"DELETE FROM {name}")
            await tx.conn.copy_records_to_table(name, records=[tuple(row) for row in rows])
    assert await has(db, before)
    assert not await has(db, after)

    await make_bus(db, keep, at_end=False, group=group)
    await until(lambda: has(db, after), "what came after the backup")
    assert sorted(await effects(db)) == sorted(ids_of(before + after))


async def all_is_read(kafka: str, group: str) -> None:
    """What the broker is told every five seconds: the group has read all there is."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(TOPIC, number) for number in range(12)]
    consumer.assign(partitions)
    await consumer.commit(await consumer.end_offsets(partitions))
    await consumer.stop()
