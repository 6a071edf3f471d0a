"""The bus: at least once, effect once; offsets live and die with the effects."""

from contracts.events import CreditsGranted
from runtime.bus.consumer import Bus
from runtime_fixtures import dead, effects, good_headers, grant, has, ids_of, keep, until


async def test_each_fact_takes_effect_once(db, make_bus, say) -> None:
    messages = [grant() for _ in range(100)]
    await make_bus(db, keep)
    await say(messages)
    await until(lambda: has(db, messages), "all effects")
    assert sorted(await effects(db)) == sorted(ids_of(messages))


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
