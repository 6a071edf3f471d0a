"""2: a service commits and dies before it has told Kafka."""

from reliability_tools import killed
from runtime.outbox.relay import Relay
from runtime_fixtures import effects, keep, until


async def test_fm02_what_a_process_committed_before_it_died_is_said_by_its_successor(
    db, kafka, start_child, group, make_bus
) -> None:
    child = await start_child(group=group, instance="one", failpoints="relay.read=kill:1")
    await killed(child, "/say/10")
    assert await db.pool.fetchval("SELECT count(*) FROM outbox") == 10
    assert await effects(db) == []
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await relay.start()
    await make_bus(db, keep, at_end=False, group=group, instance="one", session_seconds=6)
    await until(lambda: relay.sent == 10, "ten records")
    await relay.stop()
    await until(lambda: ten(db), "ten effects")
    assert len(set(await effects(db))) == len(await effects(db)) == 10


async def ten(db) -> bool:
    return len(await effects(db)) >= 10
