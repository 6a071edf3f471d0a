"""The statement that gives the right to call: it tests everything itself."""

import asyncio
from dataclasses import replace

import pytest
from dispatcher.db import marks
from dispatcher.db.marks import Mark, Marked, Refusal
from dispatcher.domain.facts import Requested
from dispatcher_tools import Dispatcher, frozen, requested

pytestmark = pytest.mark.stack


def the_mark(request: Requested, n: int = 1, most: int | None = None) -> Mark:
    return Mark(request.task_id, n, "ark", "ark", "m", "sim", f"x-{n}", most, request.account_id)


async def mark(dispatcher: Dispatcher, *items: Mark) -> list[Marked | Refusal]:
    async with dispatcher.db.transaction() as tx:
        return await marks.mark(tx, items)


async def ready(dispatcher: Dispatcher, **how: float) -> Requested:
    request = requested(**how)  # type: ignore[arg-type]
    await dispatcher.apply(request, frozen(request))
    return request


async def test_an_open_job_is_marked_once(dispatcher: Dispatcher) -> None:
    request = await ready(dispatcher)
    assert await mark(dispatcher, the_mark(request)) == [Marked(1)]
    assert await mark(dispatcher, the_mark(request)) == ["not_now"]
    assert await mark(dispatcher, the_mark(request, 3)) == ["not_now"]


async def test_of_two_in_one_batch_one_is_marked(dispatcher: Dispatcher) -> None:
    request = await ready(dispatcher)
    assert await mark(dispatcher, the_mark(request), the_mark(request)) == [Marked(1), "not_now"]


async def test_of_many_at_the_same_moment_one_is_marked(dispatcher: Dispatcher) -> None:
    request = await ready(dispatcher)
    answers = await asyncio.gather(*(mark(dispatcher, the_mark(request)) for _ in range(8)))
    assert sorted(map(repr, answers)) == ["['not_now']"] * 7 + ["[Marked(sends=1)]"]


@pytest.mark.parametrize(
    "change",
    [
        "settled_at = now(), settled_outcome = 'released'",
        "completed_at = now(), outcome = 'succeeded'",
        "cancel_requested_at = now(), cancel_reason = 'client'",
        "deadline = now() - interval '1 ms'",
        "frozen_at = NULL",
    ],
)
async def test_a_closed_job_is_not_marked(dispatcher: Dispatcher, change: str) -> None:
    request = await ready(dispatcher)
    await dispatcher.db.pool.execute(f"UPDATE jobs SET {change}")
    assert await mark(dispatcher, the_mark(request)) == ["not_now"]


async def test_a_number_is_used_again_only_after_a_definite_no(dispatcher: Dispatcher) -> None:
    request = await ready(dispatcher)
    await mark(dispatcher, the_mark(request))
    await dispatcher.db.pool.execute("UPDATE attempts SET status = 'deferred'")
    assert await mark(dispatcher, replace(the_mark(request), credential_id="other")) == [Marked(2)]
    assert [row["credential_id"] for row in await dispatcher.attempts(request.task_id)] == ["other"]


async def test_a_batch_takes_as_many_slots_as_there_are(dispatcher: Dispatcher) -> None:
    await dispatcher.db.pool.execute(
        "INSERT INTO slots (provider, credential_id, n) SELECT 'ark', 'sim', g FROM generate_series(1, 3) g"
    )
    tasks = [await ready(dispatcher) for _ in range(3)]
    answers = await mark(dispatcher, *(the_mark(each, most=2) for each in tasks))
    assert answers == [Marked(1), Marked(1), "no_slot"]
    await dispatcher.db.pool.execute("UPDATE slots SET leased_until = now() - interval '1 s' WHERE n = 1")
    assert await mark(dispatcher, the_mark(tasks[2], most=2)) == [Marked(1)]
