"""32: a restored database is behind the offsets. They are in it, so it is behind with them and reads again.

The whole way, from a dump and with five minutes of load between, is `tests/recovery`'s; here is what it
rests on: effects and offsets of one moment, under a group whose offsets in Kafka have moved on.
"""

from typing import Any

from runtime.db import Database
from runtime_fixtures import effects, grant, has, ids_of, keep, until


async def test_fm32_a_database_of_an_earlier_moment_catches_up_by_itself(
    db: Database, say: Any, make_bus: Any
) -> None:
    """Should fail without the seek to the stored offsets at assignment. The rest never came again."""
    first = await make_bus(db, keep)
    before, after = [grant() for _ in range(10)], [grant() for _ in range(15)]
    await say(before)
    await until(lambda: has(db, before), "the effects before the backup")
    backup = {name: await db.pool.fetch(f"SELECT * FROM {name}") for name in ("effects", "consumer_offsets")}
    await say(after)
    await until(lambda: has(db, after), "the effects after the backup")
    await first.stop()

    async with db.transaction() as tx:
        for name, rows in backup.items():
            await tx.execute(f"DELETE FROM {name}")
            await tx.conn.copy_records_to_table(name, records=[tuple(row) for row in rows])
    assert await has(db, before)
    assert not await has(db, after)

    await make_bus(db, keep, at_end=False)
    await until(lambda: has(db, after), "what came after the backup")
    assert sorted(await effects(db)) == sorted(ids_of(before + after))
