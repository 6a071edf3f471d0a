"""Several workers on one table, and what is left behind when one dies. Numbers: ledger-reliability.md."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import pytest
from dispatcher.db import records
from dispatcher.db.records import Record
from dispatcher_tools import VEO, Dispatcher, frozen, requested, until
from runtime.db import Tx

pytestmark = pytest.mark.stack


async def test_an_answer_that_the_database_did_not_take_at_once_is_written_down_all_the_same(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    thrown_back = 0

    async def lock(tx: Tx, batch: Sequence[Record]) -> datetime:
        nonlocal thrown_back
        if thrown_back < 2 and any(each.change.status == "submitted" for each in batch):
            thrown_back += 1
            raise asyncpg.DeadlockDetectedError("deadlock detected")
        return await locked(tx, batch)

    locked = records.lock
    monkeypatch.setattr(records, "lock", lock)
    await dispatcher.start()
    done = await dispatcher.completed(await dispatcher.accept(model=VEO))
    assert (thrown_back, done["outcome"], done["attempt"]) == (2, "succeeded", 1)
    assert len(await dispatcher.simulator.jobs()) == 1


async def test_a_job_that_is_not_listed_yet_may_still_be_on_its_way(dispatcher: Dispatcher) -> None:
    first = await dispatcher.start()
    await dispatcher.simulator.record()
    await dispatcher.simulator.set(ark={"accept_delay_seconds": 1.2})
    task = await dispatcher.accept()

    async def on_its_way() -> bool:
        return "POST" in await dispatcher.simulator.came()

    await until(on_its_way)
    await dispatcher.kill(first)
    await dispatcher.start()
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["attempt"]) == ("succeeded", 1)
    assert len(await dispatcher.simulator.jobs()) == 1


async def test_workers_killed_all_the_time_make_one_job_per_task(dispatcher: Dispatcher) -> None:
    await dispatcher.simulator.set(ark={"submit_delay_seconds": 0.15, "accept_delay_seconds": 0.15})
    tasks = [await dispatcher.accept(f"street {n}") for n in range(30)]
    for _ in range(8):
        worker = await dispatcher.start(concurrency=6, absent_after_seconds=4.0)
        await asyncio.sleep(0.35)
        await dispatcher.kill(worker)
    await dispatcher.start(absent_after_seconds=4.0)
    for task in tasks:
        assert (await dispatcher.completed(task))["outcome"] == "succeeded"
    jobs = await dispatcher.simulator.jobs()
    assert set(Counter(job["prompt"] for job in jobs).values()) == {1}
    assert len({job["safety_identifier"] for job in jobs}) == 30


async def test_a_worker_whose_lease_ran_out_and_its_successor_make_one_job(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    await dispatcher.start()
    await dispatcher.simulator.set(ark={"submit_delay_seconds": 0.7})
    tasks = [await dispatcher.accept(f"street {n}") for n in range(10)]
    for _ in range(12):
        await dispatcher.db.pool.execute("UPDATE work SET due_at = now()")
        dispatcher.wake()
        await asyncio.sleep(0.1)
    for task in tasks:
        done = await dispatcher.completed(task)
        assert (done["outcome"], done["attempt"]) == ("succeeded", 1)
    prompts = Counter(job["prompt"] for job in await dispatcher.simulator.jobs())
    assert prompts == {f"street {n}": 1 for n in range(10)}


async def test_replicas_share_a_providers_slots(dispatcher: Dispatcher) -> None:
    for _ in range(2):
        await dispatcher.start(ark={"max_concurrent": 2})
    await dispatcher.simulator.set(ark={"delay_seconds": 600})
    tasks = [await dispatcher.accept(f"street {n}") for n in range(6)]
    await until(lambda: _taken(dispatcher, 2))
    await dispatcher.simulator.set(ark={"delay_seconds": 0.2})
    await dispatcher.simulator.finish()
    most = 0

    async def finished() -> bool:
        nonlocal most
        live = await dispatcher.db.pool.fetchval(
            "SELECT count(*) FROM attempts WHERE status IN ('submitting', 'submitted')"
        )
        most = max(most, live)
        done = await dispatcher.db.pool.fetchval("SELECT count(*) FROM jobs WHERE outcome = 'succeeded'")
        return bool(done == len(tasks))

    await until(finished)
    assert most <= 2
    free = await dispatcher.db.pool.fetchval("SELECT count(*) FROM slots WHERE task_id IS NULL")
    assert free == 2


async def test_replicas_share_a_providers_rate(dispatcher: Dispatcher) -> None:
    for _ in range(2):
        await dispatcher.start(ark={"submits_per_second": 4})
    began = time.time()
    tasks = [await dispatcher.accept(f"street {n}") for n in range(9)]
    for task in tasks:
        await dispatcher.completed(task)
    times = sorted(job["accepted_at"] for job in await dispatcher.simulator.jobs())
    for n, at in enumerate(times):  # they may come late, but none before its turn
        assert at >= began + n / 4 - 0.3


async def test_a_webhook_by_job_id_alone_finds_its_attempt(dispatcher: Dispatcher) -> None:
    from dispatcher.domain.facts import Reported

    await dispatcher.start(ark={"poll_seconds": 300.0})
    task = await dispatcher.accept()
    await until(lambda: dispatcher.said(task, "task.progress"))

    await until(dispatcher.simulator.over)
    (job,) = await dispatcher.simulator.jobs()
    await dispatcher.apply(Reported("ark", None, None, None, job["id"], True))
    assert (await dispatcher.completed(task))["outcome"] == "succeeded"


async def test_a_forged_job_id_is_no_result_of_ours(dispatcher: Dispatcher) -> None:
    from dispatcher.domain.facts import Reported

    await dispatcher.start()
    other = await dispatcher.accept("somebody else's")
    theirs = (await dispatcher.completed(other))["provider_job_id"]
    await dispatcher.simulator.set(ark={"drop_request_next": 1})
    request = requested("mine")
    await dispatcher.apply(request, frozen(request))
    await until(lambda: dispatcher.attempts(request.task_id))
    await dispatcher.apply(Reported("ark", request.task_id, request.account_id, 1, theirs, True))
    done = await dispatcher.completed(request.task_id)
    assert done["provider_job_id"] != theirs
    assert done["attempt"] == 2


async def _taken(dispatcher: Dispatcher, count: int) -> bool:
    return len(await dispatcher.simulator.jobs()) == count
