"""6: an offset that is committed before the work is done loses the work of whoever dies in between."""

import re
from pathlib import Path

from faststream import AckPolicy
from reliability_tools import killed
from runtime_fixtures import effects, keep, until

ROOT = Path(__file__).parents[2]


async def test_fm06_a_reader_killed_in_a_batch_has_moved_no_offset(db, start_child, group, make_bus) -> None:
    """Seen to fail with offsets moved in a transaction of their own before the work: it was never done."""
    child = await start_child(group=group, instance="one", failpoints="bus.applied=kill:1")
    await killed(child, "/say/10")
    assert await effects(db) == []
    await make_bus(db, keep, at_end=False, group=group, instance="one", session_seconds=6)

    async def all_done() -> bool:
        return len(await effects(db)) >= 10

    await until(all_done, "all effects")
    assert len(set(await effects(db))) == len(await effects(db)) == 10


async def test_fm06_every_service_reads_through_the_bus_which_leaves_kafkas_offsets_alone(
    db, make_bus
) -> None:
    """FastStream's default commits what was polled, done or not: seen to fail with that (`ACK_FIRST`)."""
    bus = await make_bus(db, keep, start=False)
    assert bus._subscriber.ack_policy is AckPolicy.MANUAL
    assert bus._subscriber._connection_args["enable_auto_commit"] is False
    subscribes = re.compile(r"KafkaBroker\(|\.subscriber\(|group_id=")
    sources = [*ROOT.glob("libs/*/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")]
    elsewhere = {path.name for path in sources if subscribes.search(path.read_text("utf-8"))}
    assert elsewhere == {"consumer.py"}
