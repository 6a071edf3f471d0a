"""One account's many tasks don't delay another's first: slots, rates, polls and the worker's own hands."""

import asyncio
from uuid import UUID, uuid4

import pytest
from dispatcher.db import marks, turns
from dispatcher.db.marks import Mark, Marked
from dispatcher.domain.facts import Requested
from dispatcher.domain.providers import Provider
from dispatcher.usecases.handle_job import WORK
from dispatcher.usecases.pace import Pace
from dispatcher_tools import Dispatcher, cancel, frozen, requested, until
from providers.job import Credential
from runtime.work.worker import SHARE

pytestmark = pytest.mark.stack

MANY = 300


FIRST, LAST = UUID(int=1), UUID(int=2**128 - 1)
"""The ends of the round: an account that is last in it shows whether the round goes on."""


async def flood(dispatcher: Dispatcher, count: int = MANY, prompt: str = "one of many") -> None:
    requests = [requested(prompt, account=FIRST) for _ in range(count)]
    for start in range(0, count, 100):
        part = requests[start : start + 100]
        await dispatcher.apply(*part, *(frozen(each) for each in part))


async def queued(dispatcher: Dispatcher) -> int:
    count: int = await dispatcher.db.pool.fetchval("SELECT count(*) FROM work WHERE kind LIKE 'turn:%'")
    return count


async def accepted_before(dispatcher: Dispatcher, prompt: str) -> int:
    jobs = sorted(await dispatcher.simulator.jobs(), key=lambda job: job["accepted_at"])
    return [job["prompt"] for job in jobs].index(prompt)


async def test_a_free_slot_goes_to_the_accounts_in_turn(dispatcher: Dispatcher) -> None:
    await dispatcher.simulator.set(ark={"never_final_next": 1})
    await dispatcher.start(ark={"max_concurrent": 1})
    await flood(dispatcher)
    await until(lambda: _queue_of(dispatcher, MANY - 1))
    task = await dispatcher.accept("the other's first", account=LAST)
    await until(lambda: _queue_of(dispatcher, MANY))
    await dispatcher.simulator.finish()
    await dispatcher.completed(task)
    assert await accepted_before(dispatcher, "the other's first") <= 1 + 4


async def test_a_newcomer_does_not_take_the_slot_that_others_wait_for(dispatcher: Dispatcher) -> None:
    waiting, newcomer = requested("waits"), requested("comes later")
    await dispatcher.apply(waiting, frozen(waiting), newcomer, frozen(newcomer))
    await dispatcher.db.pool.execute(
        "INSERT INTO slots (provider, credential_id, n) VALUES ('ark', 'sim', 1)"
    )
    async with dispatcher.db.transaction() as tx:
        await turns.join(tx, [(waiting.task_id, waiting.account_id, ("ark", "sim"))])
        assert await marks.mark(tx, [_mark(newcomer)]) == ["no_slot"]
        called, _ = await turns.hand_out(tx, ("ark", "sim"), 1, FIRST, "job")
        assert called == [waiting.task_id]
        assert await marks.mark(tx, [_mark(newcomer)]) == ["no_slot"]
        assert await marks.mark(tx, [_mark(waiting)]) == [Marked(1)]


async def test_who_waits_for_a_slot_costs_nothing_meanwhile(dispatcher: Dispatcher) -> None:
    await dispatcher.start(ark={"max_concurrent": 1})
    await flood(dispatcher, 100, "[sim:delay=600]")
    await until(lambda: _queue_of(dispatcher, 99))
    due = "SELECT count(*) FROM work WHERE kind = 'job' AND due_at < now() + interval '60 s'"
    assert await dispatcher.db.pool.fetchval(due) == 1
    (attempts,) = await dispatcher.db.pool.fetch("SELECT count(*) FROM attempts")
    assert attempts["count"] == 1


async def test_a_slot_is_not_kept_for_a_task_that_was_cancelled(dispatcher: Dispatcher) -> None:
    await dispatcher.start(ark={"max_concurrent": 1})
    first = await dispatcher.accept("[sim:delay=600]")
    await until(lambda: dispatcher.attempts(first))
    waiting = [requested(f"waits {n}") for n in range(3)]
    for each in waiting:
        await dispatcher.apply(each, frozen(each))
    await until(lambda: _queue_of(dispatcher, 3))
    for each in waiting[:2]:
        await dispatcher.apply(cancel(each))
        assert (await dispatcher.completed(each.task_id))["outcome"] == "cancelled"
    await dispatcher.simulator.finish()
    assert (await dispatcher.completed(waiting[2].task_id))["outcome"] == "succeeded"
    assert await queued(dispatcher) == 0


async def test_a_kept_slot_whose_task_does_not_come_is_given_on(dispatcher: Dispatcher) -> None:
    await dispatcher.start(ark={"max_concurrent": 1})
    await dispatcher.db.pool.execute(
        "UPDATE slots SET task_id = gen_random_uuid(), attempt = 0, leased_until = now() + interval '1 s'"
    )
    assert (await dispatcher.completed(await dispatcher.accept()))["outcome"] == "succeeded"


async def test_several_keys_share_what_one_has_no_slot_for(dispatcher: Dispatcher) -> None:
    keys = [{"id": "a", "secret": "sim-key"}, {"id": "b", "secret": "sim-key"}]
    await dispatcher.start(ark={"max_concurrent": 1, "credentials": keys})
    await dispatcher.simulator.set(ark={"delay_seconds": 600})
    tasks = [await dispatcher.accept(f"street {n}") for n in range(4)]
    await until(lambda: _jobs(dispatcher, 2))
    await dispatcher.simulator.set(ark={"delay_seconds": 0.2})
    await dispatcher.simulator.finish()
    done = [await dispatcher.completed(task) for task in tasks]
    assert {each["outcome"] for each in done} == {"succeeded"}
    assert {each["credential_id"] for each in done} == {"a", "b"}


async def test_a_limited_rate_is_shared_by_the_accounts_in_turn(dispatcher: Dispatcher) -> None:
    await dispatcher.start(ark={"submits_per_second": 10})
    await flood(dispatcher, 200)
    await until(lambda: _jobs(dispatcher, 5))
    taken = len(await dispatcher.simulator.jobs())
    task = await dispatcher.accept("the other's first", account=LAST)
    await until(lambda: dispatcher.said(task, "task.progress"))
    assert await accepted_before(dispatcher, "the other's first") <= taken + 20


async def test_turns_go_round_the_accounts_that_wait(dispatcher: Dispatcher) -> None:
    provider = Provider("p", "http://x", (Credential("c", "s"),), polls_per_second=20)
    await dispatcher.db.pool.execute("INSERT INTO rates VALUES ('p', 'c', 'poll', now() + interval '0.4 s')")
    pace, busy, small = Pace(dispatcher.db, WORK), uuid4(), uuid4()
    order: list[str] = []

    async def call(name: str, account: object) -> None:
        if await pace.turn(provider, "c", "poll", account) is None:  # type: ignore[arg-type]
            order.append(name)

    many = [asyncio.create_task(call("busy", busy)) for _ in range(200)]
    await asyncio.sleep(0.05)
    await call("small", small)
    assert len(order) <= 8
    await asyncio.gather(*many)
    assert order.count("busy") < 200  # the others were told to come back


async def test_jobs_that_are_more_than_the_rate_allows_are_asked_for_in_cycles(
    dispatcher: Dispatcher,
) -> None:
    await dispatcher.start(dashscope={"polls_per_second": 20, "poll_seconds": 0.2})
    requests = [requested(f"[sim:delay=600] {n}", model="wan2-6-t2v", account=FIRST) for n in range(120)]
    await dispatcher.apply(*requests, *(frozen(each) for each in requests))
    await until(lambda: _polled(dispatcher, 120))
    first = await _polls(dispatcher)
    await until(lambda: _polled(dispatcher, 360))
    last = await _polls(dispatcher)
    asked = sorted(last[task] - first[task] for task in last)
    assert asked[0] >= 1
    assert asked[-1] <= 3


async def test_the_slowest_rates_are_served_too(dispatcher: Dispatcher) -> None:
    provider = Provider("p", "http://x", (Credential("c", "s"),), submits_per_second=0.1)
    await dispatcher.db.pool.execute("INSERT INTO rates VALUES ('p', 'c', 'submit', now())")
    pace = Pace(dispatcher.db, WORK)
    assert await pace.turn(provider, "c", "submit", uuid4()) is None
    again = await pace.turn(provider, "c", "submit", uuid4())
    assert again is not None
    assert again > 0.5


async def test_slow_calls_of_one_account_leave_hands_for_the_others(dispatcher: Dispatcher) -> None:
    patience = {"absent_after_seconds": 200.0, "uncertain_after_seconds": 400.0}  # no call ends by itself
    worker = await dispatcher.start(concurrency=8, ark={"timeout_seconds": 100}, **patience)
    await dispatcher.simulator.set(ark={"submit_delay_seconds": 100})
    await flood(dispatcher, 40)
    await until(lambda: _jobs(dispatcher, int(8 * SHARE)))
    task = await dispatcher.accept("the other's first", account=LAST)
    await until(lambda: dispatcher.attempts(task))
    await dispatcher.kill(worker)


def _mark(request: Requested) -> Mark:
    return Mark(request.task_id, 1, "ark", "ark", "m", "sim", "x", 1, request.account_id)


async def _queue_of(dispatcher: Dispatcher, count: int) -> bool:
    return await queued(dispatcher) >= count


async def _jobs(dispatcher: Dispatcher, count: int) -> bool:
    return len(await dispatcher.simulator.jobs()) >= count


async def _polls(dispatcher: Dispatcher) -> dict[UUID, int]:
    found = await dispatcher.db.pool.fetch("SELECT task_id, polls FROM attempts")
    return {row["task_id"]: row["polls"] for row in found}


async def _polled(dispatcher: Dispatcher, count: int) -> bool:
    return sum((await _polls(dispatcher)).values()) >= count
