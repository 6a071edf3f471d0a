"""21: a poll and a webhook finish a task at the same moment.

A webhook is a hint that makes the next poll due. So two words on one job are two polls of two workers, and
the second one finds the attempt no longer as its step saw it.
"""

import asyncio

import pytest
from dispatcher.db.records import Record
from dispatcher.domain.facts import Reported
from dispatcher.usecases.store import Store
from dispatcher_tools import Dispatcher, frozen, requested, until
from reliability_tools import LONG

ROUNDS = 1000 if LONG else 8


async def test_fm21_two_last_words_at_the_same_moment_are_one(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failed without `AND a.status = r.was` in `db/records.py`: the second word made an orphan of the job."""
    both = asyncio.Barrier(2)
    record = Store.record

    async def together(self: Store, found: Record) -> None:
        if found.change.completion is not None:
            await both.wait()
        await record(self, found)

    monkeypatch.setattr(Store, "record", together)
    await dispatcher.start()
    await dispatcher.start()
    await dispatcher.simulator.set(delay_seconds=0)
    for _ in range(ROUNDS):
        request = requested()
        task = request.task_id
        await dispatcher.apply(request, frozen(request))

        async def one_waits() -> bool:
            return both.n_waiting == 1

        await until(one_waits)
        (job,) = [each for each in await dispatcher.attempts(task) if each["provider_job_id"]]
        hint = Reported("ark", task, request.account_id, 1, job["provider_job_id"], True)
        await dispatcher.apply(hint)
        await dispatcher.db.pool.execute("UPDATE work SET leased = false, due_at = now() WHERE id = $1", task)
        dispatcher.wake()
        assert (await dispatcher.completed(task))["outcome"] == "succeeded"

        async def nobody_waits() -> bool:
            return both.n_waiting == 0 and await dispatcher.work_rows() == 0

        await until(nobody_waits)
        assert len(await dispatcher.said(task, "provider.completed")) == 1
        (attempt,) = await dispatcher.attempts(task)
        assert (attempt["status"], attempt["orphan"]) == ("succeeded", None)
    assert len(await dispatcher.simulator.jobs()) == ROUNDS


@pytest.mark.parametrize("first", ["succeeded", "failed"])
async def test_fm21_of_two_different_last_words_the_first_one_counts(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """At the deadline one worker heard that the job still runs, and a moment later another that it is done.

    Failed without `completed_at IS NULL` in `db/records.py`, with two words said, if the deadline was first;
    and without `AND a.status = r.was` if the success was: the attempt was an orphan.
    """
    both, counted = asyncio.Barrier(2), asyncio.Event()
    record = Store.record

    async def in_order(self: Store, found: Record) -> None:
        if found.change.completion is None:
            return await record(self, found)
        await both.wait()
        if found.change.completion.outcome == first:
            await record(self, found)
            return counted.set()
        await counted.wait()
        return await record(self, found)

    monkeypatch.setattr(Store, "record", in_order)
    await dispatcher.start()
    await dispatcher.start()
    await dispatcher.simulator.set(ark={"never_final_next": 1})
    task = await dispatcher.accept(seconds=600)
    await until(lambda: dispatcher.submitted(task))
    await dispatcher.time_passes(600, task)
    await until(lambda: _true(both.n_waiting == 1))
    await dispatcher.simulator.finish()
    await until(lambda: _over(dispatcher))
    await dispatcher.db.pool.execute("UPDATE work SET leased = false, due_at = now() WHERE id = $1", task)
    dispatcher.wake()
    await until(lambda: _true(counted.is_set()))
    monkeypatch.setattr(Store, "record", record)

    async def idle() -> bool:
        await dispatcher.db.pool.execute("UPDATE work SET due_at = now() WHERE NOT leased")
        return await dispatcher.work_rows() == 0

    await until(idle)
    assert (await dispatcher.completed(task))["outcome"] == first
    (attempt,) = await dispatcher.attempts(task)
    orphan = None if first == "succeeded" else "confirmed"
    assert (attempt["status"], attempt["orphan"]) == ("succeeded", orphan)


async def _true(fact: bool) -> bool:
    return fact


async def _over(dispatcher: Dispatcher) -> bool:
    return [job["state"] for job in await dispatcher.simulator.jobs()] == ["succeeded"]
