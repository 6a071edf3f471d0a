"""7: the database commits, and Kafka never hears of the offset."""

from reliability_tools import killed
from runtime_fixtures import effects, grant, has, keep, until


async def test_fm07_a_reader_killed_after_its_commit_does_nothing_twice(
    db, start_child, group, make_bus, say
) -> None:
    """Seen to fail without `offsets.advance` in the batch's transaction: 21 effects of 11 records."""
    child = await start_child(group=group, instance="one", failpoints="bus.committed=kill:1")
    await killed(child, "/say/10")
    assert len(await effects(db)) >= 1
    await make_bus(db, keep, at_end=False, group=group, instance="one", session_seconds=6)
    later = grant()
    await say([later])
    await until(lambda: has(db, [later]), "a later effect")

    async def all_done() -> bool:
        return len(await effects(db)) >= 11

    await until(all_done, "all effects")
    assert len(set(await effects(db))) == len(await effects(db)) == 11
