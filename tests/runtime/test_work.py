"""The work table: fair claims with a lease, tries counted at the claim, nothing done twice by mistake."""

import asyncio
from collections import Counter
from uuid import UUID, uuid4

from contracts.ids import uuid7
from runtime.db import Database
from runtime.work import table
from runtime.work.table import NewWork
from runtime.work.worker import Worker
from runtime_fixtures import until

ZERO = UUID(int=0)


async def add(db: Database, account: UUID, count: int, *, delay: float = 0) -> list[UUID]:
    items = [NewWork(uuid7(), "copy", account, {"n": n}, delay) for n in range(count)]
    async with db.transaction() as tx:
        await table.add(tx, items)
    return [item.id for item in items]


async def claim(db: Database, limit: int, *, lease: float = 60, after: UUID = ZERO) -> list[table.Claim]:
    async with db.transaction() as tx:
        return await table.claim(tx, "copy", limit=limit, lease_seconds=lease, after=after)


async def test_an_account_with_thousands_of_rows_does_not_delay_anothers_first(db) -> None:
    busy, small = uuid4(), uuid4()
    await add(db, busy, 3000)
    mine = await add(db, small, 1)
    claimed = await claim(db, 10)
    assert mine[0] in [c.id for c in claimed]
    assert Counter(c.account_id for c in claimed)[busy] >= 5


async def test_claims_go_round_the_accounts(db) -> None:
    accounts = sorted(uuid4() for _ in range(6))
    for account in accounts:
        await add(db, account, 2)
    first = await claim(db, 3)
    second = await claim(db, 3, after=max(c.account_id for c in first))
    assert {c.account_id for c in first} | {c.account_id for c in second} == set(accounts)


async def test_one_account_alone_gets_every_place(db) -> None:
    await add(db, uuid4(), 20)
    assert len(await claim(db, 16)) == 16


async def test_no_row_is_claimed_twice_by_workers_side_by_side(db) -> None:
    for _ in range(10):
        await add(db, uuid4(), 20)
    batches = await asyncio.gather(*(claim(db, 50) for _ in range(6)))
    ids = [c.id for batch in batches for c in batch]
    assert len(ids) == len(set(ids))
    ids += [c.id for c in await claim(db, 300)]
    assert len(ids) == len(set(ids)) == 200


async def test_a_row_whose_worker_died_comes_back_when_its_lease_ends_and_counts_the_try(db) -> None:
    await add(db, uuid4(), 1)
    (first,) = await claim(db, 1, lease=60)
    assert await claim(db, 1) == []
    await db.pool.execute("UPDATE work SET due_at = due_at - interval '60 s'")
    (second,) = await claim(db, 1)
    assert (first.tries, second.tries) == (1, 2)
    async with db.transaction() as tx:
        assert await table.complete(tx, [first]) == 0  # the late worker's word no longer counts
        assert await table.reschedule(tx, [(first, 0)]) == 0
        assert await table.complete(tx, [second]) == 1


async def test_a_late_workers_writes_miss_even_when_the_tries_have_begun_anew(db) -> None:
    """Taken out to see it fail: naming the lease, not the number of the try."""
    await add(db, uuid4(), 1)
    (late,) = await claim(db, 1, lease=0)
    (poll,) = await claim(db, 1)
    async with db.transaction() as tx:
        await table.reschedule(tx, [(poll, 0)], forget_tries=True)
    (now,) = await claim(db, 1)
    assert late.tries == now.tries
    async with db.transaction() as tx:
        assert await table.reschedule(tx, [(late, 0)]) == 0
        assert await table.complete(tx, [late]) == 0
        assert await table.renew(tx, [late], 60) == set()
        assert await table.renew(tx, [now], 60) == {now.id}
        assert await table.complete(tx, [now]) == 1


async def test_accounts_that_all_have_much_to_do_get_equal_turns(db) -> None:
    for _ in range(6):
        await add(db, uuid4(), 20)
    turns: Counter[UUID] = Counter()
    after = ZERO
    for _ in range(12):
        claims = await claim(db, 4, after=after)
        turns.update(c.account_id for c in claims)
        after = table.next_after(claims, after)
    assert set(turns.values()) == {8}


async def test_a_row_said_twice_is_there_once(db) -> None:
    item = NewWork(uuid7(), "copy", uuid4())
    async with db.transaction() as tx:
        assert await table.add(tx, [item]) == 1
        assert await table.add(tx, [item]) == 0


async def test_a_nudge_makes_a_waiting_row_due_and_a_claimed_one_due_again(db) -> None:
    (waiting,) = await add(db, uuid4(), 1, delay=3600)
    assert await claim(db, 1) == []
    async with db.transaction() as tx:
        await table.nudge(tx, "copy", [waiting])
    (held,) = await claim(db, 1)
    async with db.transaction() as tx:
        await table.nudge(tx, "copy", [waiting])  # while it is in a worker's hands
    assert await claim(db, 1) == []
    async with db.transaction() as tx:
        await table.reschedule(tx, [(held, 3600)])
    assert len(await claim(db, 1)) == 1


async def test_a_worker_does_each_row_once_and_never_more_at_a_time_than_it_may(db) -> None:
    rows = [row for _ in range(5) for row in await add(db, uuid4(), 10)]
    done: list[UUID] = []
    busy = most = 0

    async def handle(claim: table.Claim) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.005)
        busy -= 1
        done.append(claim.id)
        async with db.transaction() as tx:
            await table.complete(tx, [claim])

    worker = Worker(db, "copy", handle, concurrency=7, lease_seconds=30)
    await worker.start()
    await until(lambda: len(done) == 50, "all rows done")
    await worker.stop()
    assert sorted(done) == sorted(rows)
    assert most <= 7


async def test_work_that_fails_comes_back_later_and_a_stopping_worker_finishes_what_it_holds(db) -> None:
    await add(db, uuid4(), 1)
    tries = []

    async def handle(claim: table.Claim) -> None:
        tries.append(claim.tries)
        if claim.tries < 3:
            raise RuntimeError("not yet")
        await asyncio.sleep(0.2)
        async with db.transaction() as tx:
            await table.complete(tx, [claim])

    worker = Worker(db, "copy", handle, concurrency=2, lease_seconds=30, idle_seconds=0.02, retry_first=0.02)
    await worker.start()
    await until(lambda: len(tries) == 3, "the third try")
    await worker.stop()
    assert tries == [1, 2, 3]
    assert await db.pool.fetchval("SELECT count(*) FROM work") == 0
