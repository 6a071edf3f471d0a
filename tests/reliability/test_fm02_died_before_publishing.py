"""2: a service commits and dies before it has told Kafka."""

from reliability_tools import killed
from runtime.outbox.relay import Relay
from runtime_fixtures import effects, keep, until


async def test_fm02_what_a_process_committed_before_it_died_is_said_by_its_successor(
    db, kafka, start_child, group, make_bus
) -> None:
    """Its relay had read the rows and sent none of them.

    Seen to fail with the cursor moved before the send: never ten records, for no relay looked at them again.
    """
    child = await start_child(group=group, instance="one", failpoints="relay.read=kill:1")
    await killed(child, "/say/10")
    assert await db.pool.fetchval("SELECT count(*) FROM outbox") == 10
    assert await effects(db) == []
    await the_successor_says_them(db, kafka, group, make_bus)


async def test_fm02_a_process_that_died_with_its_commit_has_written_what_it_has_to_say(
    db, kafka, start_child, group, make_bus
) -> None:
    """Nothing ran after the commit, not even the relay's nudge.

    Seen to fail with the outbox rows written by a hook after the commit: ten rows of work, no outbox row.
    """
    child = await start_child(group=group, instance="one")
    await killed(child, "/commit-and-die/10")
    assert await db.pool.fetchval("SELECT count(*) FROM work") == 10
    assert await db.pool.fetchval("SELECT count(*) FROM outbox") == 10
    await the_successor_says_them(db, kafka, group, make_bus)


async def the_successor_says_them(db, kafka: str, group: str, make_bus) -> None:
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await relay.start()
    await make_bus(db, keep, at_end=False, group=group, instance="one", session_seconds=6)

    async def ten() -> bool:
        return len(await effects(db)) >= 10

    await until(ten, "ten effects")
    await relay.stop()
    assert len(set(await effects(db))) == len(await effects(db)) == 10
