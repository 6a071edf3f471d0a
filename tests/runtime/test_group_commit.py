"""Group commit: one transaction for many callers, and each gets its own answer."""

import asyncio

import pytest
from runtime.group_commit import GroupCommit, OverloadedError
from runtime_fixtures import until


async def test_callers_that_arrive_during_a_write_share_the_next_one() -> None:
    batches: list[list[int]] = []
    release = asyncio.Event()

    async def write(items):
        batches.append(list(items))
        await release.wait()
        return [item * 2 for item in items]

    group = GroupCommit(write)
    first = asyncio.create_task(group.submit(1))
    await until(lambda: batches, "the first write")
    others = [asyncio.create_task(group.submit(n)) for n in range(2, 50)]
    await asyncio.sleep(0)
    release.set()
    assert await asyncio.gather(first, *others) == [n * 2 for n in range(1, 50)]
    assert [len(batch) for batch in batches] == [1, 48]


async def test_a_bad_item_fails_alone() -> None:
    async def write(items):
        if 7 in items:
            raise ValueError("seven")
        return list(items)

    group = GroupCommit(write)
    results = await asyncio.gather(*(group.submit(n) for n in range(16)), return_exceptions=True)
    assert isinstance(results[7], ValueError)
    assert [r for n, r in enumerate(results) if n != 7] == [n for n in range(16) if n != 7]


async def test_an_answer_may_be_an_exception_for_one_caller_only() -> None:
    async def write(items):
        return [KeyError("no") if item % 2 else item for item in items]

    group = GroupCommit(write)
    results = await asyncio.gather(*(group.submit(n) for n in range(4)), return_exceptions=True)
    assert [type(r) for r in results] == [int, KeyError, int, KeyError]


async def test_a_lost_connection_fails_the_batch_and_the_next_one_works() -> None:
    fail = [True]

    async def write(items):
        if fail:
            fail.clear()
            raise ConnectionResetError("gone")
        return list(items)

    group = GroupCommit(write)
    with pytest.raises(ConnectionResetError):
        await group.submit(1)
    assert await group.submit(2) == 2


async def test_a_full_queue_is_refused_at_once() -> None:
    release = asyncio.Event()

    async def write(items):
        await release.wait()
        return list(items)

    group = GroupCommit(write, max_batch=1, max_waiting=3)
    tasks = [asyncio.create_task(group.submit(0))]
    await asyncio.sleep(0.01)
    tasks += [asyncio.create_task(group.submit(n)) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await group.submit(9)
    release.set()
    await asyncio.gather(*tasks)


async def test_a_caller_that_goes_away_does_not_hold_up_the_others() -> None:
    release = asyncio.Event()

    async def write(items):
        await release.wait()
        return list(items)

    group = GroupCommit(write)
    gone, stays = asyncio.create_task(group.submit(1)), asyncio.create_task(group.submit(2))
    await asyncio.sleep(0.01)
    gone.cancel()
    release.set()
    assert await stays == 2
    await group.join()


async def test_a_caller_that_has_gone_before_its_turn_is_not_written() -> None:
    release, written = asyncio.Event(), []

    async def write(items):
        written.extend(items)
        await release.wait()
        return list(items)

    group = GroupCommit(write)
    tasks = [asyncio.create_task(group.submit(1))]
    await until(lambda: written, "the first write")
    gone = asyncio.create_task(group.submit(2))
    tasks.append(asyncio.create_task(group.submit(3)))
    await asyncio.sleep(0)
    gone.cancel()
    release.set()
    assert await asyncio.gather(*tasks) == [1, 3]
    assert written == [1, 3]


@pytest.mark.parametrize("fault", [asyncio.CancelledError(), "too few results"])
async def test_nobody_waits_for_ever_whatever_the_write_does(fault) -> None:
    async def write(_):
        if isinstance(fault, BaseException):
            raise fault
        return []

    group = GroupCommit(write)
    waiting = [asyncio.create_task(group.submit(n)) for n in range(3)]
    results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
    assert [type(r) for r in results] == [type(results[0])] * 3
    assert isinstance(results[0], Exception)
