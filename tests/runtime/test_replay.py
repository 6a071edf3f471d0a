"""Replay: rows are sent again from where the operator says, never from where some are missing."""

import pytest
from runtime.outbox import replay
from runtime.outbox.relay import Relay
from runtime_fixtures import grant, record, until


@pytest.fixture
async def relay(db, kafka, topic):  # noqa: ARG001 -- the topic must be there
    made = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=30)
    await made.start()
    yield made
    await made.stop()


async def say(db, relay, count: int) -> str:
    """Have that many sent; the server's time before."""
    began = await db.pool.fetchval("SELECT clock_timestamp()::text")
    sent = relay.sent
    await record(db, [grant() for _ in range(count)])
    await relay.nudge()
    await until(lambda: relay.sent == sent + count, "all sent")
    return began


async def test_a_working_idle_relay_sends_again_what_came_since_a_moment(db, dsn, relay) -> None:
    await say(db, relay, 3)
    moment = await say(db, relay, 4)
    await say(db, relay, 5)
    assert (await replay.run(dsn, moment=moment)).startswith("9 rows after 1/")
    await until(lambda: relay.sent == 12 + 9, "the rows again")


async def test_all_that_is_retained_is_sent_again(db, dsn, relay) -> None:
    await say(db, relay, 3)
    assert (await replay.run(dsn)).startswith("3 rows")
    await until(lambda: relay.sent == 6, "the rows again")


async def test_a_relay_that_sends_at_that_moment_starts_over(db, dsn, relay) -> None:
    await say(db, relay, 3)
    await record(db, [grant() for _ in range(2)])
    await replay.run(dsn)
    await relay.nudge()
    await until(lambda: relay.sent >= 8, "three again, and two more")


async def test_a_replay_from_a_cursor_goes_no_further_back_than_the_rows_do(db, dsn, relay) -> None:
    await say(db, relay, 3)
    with pytest.raises(replay.ReplayRefused, match="what came before is gone"):
        await replay.run(dsn, cursor="1/7/0")
    async with db.transaction() as tx:
        first = await replay._first(tx, replay._BEGINNING)
    assert (await replay.run(dsn, cursor=replay.text(first))).startswith("2 rows")
    await until(lambda: relay.sent == 5, "two again")


async def test_a_replay_from_before_the_oldest_partition_is_refused(db, dsn, relay) -> None:
    await say(db, relay, 1)
    with pytest.raises(replay.ReplayRefused, match="reaches back to"):
        await replay.run(dsn, moment="2020-01-01T00:00:00")


async def test_rows_that_were_never_sent_are_not_skipped_by_a_replay(db, dsn) -> None:
    await record(db, [grant()])
    with pytest.raises(replay.ReplayRefused, match="nothing after"):
        await replay.run(dsn)
    with pytest.raises(ValueError, match="invalid literal"):
        await replay.run(dsn, cursor="a/b/c")


async def test_an_empty_outbox_has_nothing_to_replay(dsn) -> None:
    with pytest.raises(replay.ReplayRefused, match="no such rows"):
        await replay.run(dsn)
