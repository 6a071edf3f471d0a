"""The bus: at least once, effect once; offsets live and die with the effects."""

import asyncio

from contracts.events import CreditsGranted
from runtime.bus import offsets
from runtime.bus.consumer import Bus
from runtime_fixtures import dead, effects, good_headers, grant, has, ids_of, keep, until


async def test_each_fact_takes_effect_once(db, make_bus, say) -> None:
    messages = [grant() for _ in range(100)]
    await make_bus(db, keep)
    await say(messages)
    await until(lambda: has(db, messages), "all effects")
    assert sorted(await effects(db)) == sorted(ids_of(messages))


async def test_fm06_a_reader_that_dies_in_a_batch_has_moved_no_offset(db, make_bus, say) -> None:
    """Taken out to see it fail: moving the offsets inside the batch's transaction."""
    died = asyncio.Event()

    async def die(tx, facts) -> None:
        await keep(tx, facts)
        died.set()
        await asyncio.Event().wait()

    messages = [grant() for _ in range(10)]
    first: Bus = await make_bus(db, die)
    await say(messages)
    await asyncio.wait_for(died.wait(), 20)
    for task in list(first._subscriber.tasks):
        task.cancel()  # as good as killed: nothing is committed, nothing is acknowledged
    await first.stop()
    assert await effects(db) == []
    await make_bus(db, keep, at_end=False)
    await until(lambda: has(db, messages), "all effects")
    assert len(await effects(db)) == 10


async def test_fm07_a_restarted_reader_goes_on_from_the_stored_offsets_not_from_kafkas(
    db, make_bus, say
) -> None:
    first: Bus = await make_bus(db, keep)
    before = [grant() for _ in range(20)]
    await say(before)
    await until(lambda: has(db, before), "the first effects")
    await first.stop()  # Kafka was told nothing
    after = [grant() for _ in range(20)]
    await say(after)
    await make_bus(db, keep, at_end=False)
    await until(lambda: has(db, after), "the later effects")
    assert len(await effects(db)) == 40


async def test_fm32_a_restored_database_rewinds_its_reader(db, make_bus, say) -> None:
    first: Bus = await make_bus(db, keep)
    saved = await db.pool.fetch("SELECT * FROM consumer_offsets")
    messages = [grant() for _ in range(20)]
    await say(messages)
    await until(lambda: has(db, messages), "the effects")
    await first.stop()
    await db.pool.execute("DELETE FROM effects; DELETE FROM consumer_offsets")
    await db.pool.executemany(
        "INSERT INTO consumer_offsets VALUES ($1,$2,$3,$4,$5,$6)", [tuple(r) for r in saved]
    )
    await make_bus(db, keep, at_end=False)
    await until(lambda: has(db, messages), "the effects again")
    assert len(await effects(db)) == 20


async def test_fm08_a_zombie_whose_offsets_were_moved_loses_its_batch_and_reads_again(
    db, make_bus, say, monkeypatch
) -> None:
    """Taken out to see it fail: the compare in `offsets.advance`."""
    go_on = asyncio.Event()
    advance = offsets.advance
    messages = [grant()]

    async def moved_by_another(tx, group, moves):
        if not go_on.is_set():
            await db.pool.execute(
                "UPDATE consumer_offsets SET next_offset = next_offset + 1 WHERE partition = $1",
                moves[0].partition,
            )
            go_on.set()
        await advance(tx, group, moves)

    monkeypatch.setattr(offsets, "advance", moved_by_another)
    await make_bus(db, keep)
    await say(messages)
    await asyncio.wait_for(go_on.wait(), 20)
    later = [grant(account=m.event.account_id) for m in messages]
    await say(later)
    await until(lambda: has(db, later), "the later effect")
    assert await effects(db) == [m.subject for m in later]  # the other one was somebody else's


async def test_fm10_bad_records_become_dead_letters_and_their_neighbours_go_on(
    db, make_bus, say, raw
) -> None:
    good = [grant() for _ in range(20)]
    await make_bus(db, keep)
    await raw(b"{not json", good_headers())
    await raw(b'{"grant_id": 1}', good_headers())
    await raw(b"{}", good_headers(kind=b"credits.granted.v9"))
    await raw(b"{}", [("ce_id", b"x")])
    await raw(b"{}", [("bad", None), ("worse", b"\xff\xfe")])
    await raw(None, good_headers())
    await say([*good[:10], grant(amount=13), *good[10:]])
    await until(lambda: has(db, good), "the neighbours' effects")
    await until(lambda: _seven(db), "seven dead letters")
    assert sorted(await dead(db)) == sorted(
        ["schema_invalid"] * 2
        + ["envelope_incomplete"] * 2
        + ["unknown_version", "untranslatable", "unprocessable"]
    )
    said = await db.pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'ledger.dlq'")
    assert said == 7
    kept = await db.pool.fetchrow("SELECT * FROM dead_letters WHERE reason = 'unprocessable'")
    assert b'"amount_micro":13' in kept["value"]
    assert "effects" in kept["error"]


async def _seven(db) -> bool:
    return len(await dead(db)) == 7


async def test_a_passing_fault_is_retried_until_it_works(db, make_bus, say) -> None:
    failures = iter([ConnectionResetError("gone"), TimeoutError("slow"), OSError("again")])

    async def flaky(tx, facts: list[CreditsGranted]) -> None:
        await keep(tx, facts)
        error = next(failures, None)
        if error:
            raise error

    messages = [grant() for _ in range(5)]
    await make_bus(db, flaky)
    await say(messages)
    await until(lambda: has(db, messages), "all effects")
    assert len(await effects(db)) == 5
    assert await dead(db) == []


async def test_too_many_dead_letters_stop_the_reader_and_it_says_so(db, make_bus, raw) -> None:
    bus: Bus = await make_bus(db, keep, dead_letters_per_minute=3)
    for _ in range(4):
        await raw(b"{", good_headers())
    await until(lambda: "more than 3 dead letters" in (bus.unready() or ""), "the reader halts")
    assert len(await dead(db)) <= 3


async def test_a_second_member_shares_the_partitions_and_nothing_is_lost_or_doubled(
    db, make_bus, say
) -> None:
    first: Bus = await make_bus(db, keep)
    before = [grant() for _ in range(50)]
    await say(before)
    second: Bus = await make_bus(db, keep, at_end=False)
    await until(lambda: len(first.lag()) == 6 == len(second.lag()), "a fair split")
    after = [grant() for _ in range(100)]
    await say(after)
    await until(lambda: has(db, before + after), "all effects")
    await second.stop()
    last = [grant() for _ in range(50)]
    await say(last)
    await until(lambda: has(db, last), "the effects after it left")
    assert len(await effects(db)) == 200
