"""22: a provider contradicts itself, or says what makes no sense. The first definite word counts."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from dispatcher.domain.facts import Reported
from dispatcher.domain.job import Attempt, Change, Job
from dispatcher.usecases import handle_job
from dispatcher.usecases.desk import Desk, Lease
from dispatcher_tools import Dispatcher, frozen, requested, until


@pytest.mark.parametrize(
    ("fault", "first"), [("succeed_then_fail", "succeeded"), ("fail_then_succeed", "failed")]
)
async def test_fm22_the_first_definite_word_counts(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch, fault: str, first: str
) -> None:
    """Nobody asks about an attempt that has ended; but a worker that was about to ask hears the other word.

    Failed without `AND a.status = r.was` in `db/records.py`: the attempt took the second word on.
    """
    late, ask = asyncio.Event(), handle_job.poll_attempt
    waiting: list[UUID] = []

    async def the_first_is_late(desk: Desk, job: Job, attempt: Attempt, lease: Lease) -> Change:
        if not waiting:
            waiting.append(job.task_id)
            await late.wait()
        return await ask(desk, job, attempt, lease)

    monkeypatch.setattr(handle_job, "poll_attempt", the_first_is_late)
    await dispatcher.start()
    await dispatcher.start()
    await dispatcher.simulator.set(ark={f"{fault}_next": 1, "contradict_after_seconds": 600})
    request = requested()
    await dispatcher.apply(request, frozen(request))
    await until(lambda: _true(bool(waiting)))
    await dispatcher.db.pool.execute("UPDATE work SET leased = false, due_at = now()")
    dispatcher.wake()
    done = await dispatcher.completed(request.task_id)
    assert done["outcome"] == first

    async def contradicted() -> Any:
        (job,) = await dispatcher.simulator.jobs()
        return job["state"] == ("failed" if first == "succeeded" else "succeeded")

    await dispatcher.simulator.finish()
    await until(contradicted)
    late.set()
    job_id = (await dispatcher.attempts(request.task_id))[0]["provider_job_id"]
    await dispatcher.apply(Reported("ark", request.task_id, request.account_id, 1, job_id, True))
    await until(lambda: _true(not any(worker._busy for worker in dispatcher.workers)))
    await dispatcher.db.pool.execute("UPDATE work SET due_at = now() WHERE NOT leased")
    assert await until(lambda: _idle(dispatcher))
    assert await dispatcher.said(request.task_id, "provider.completed") == [done]
    assert [each["status"] for each in await dispatcher.attempts(request.task_id)] == [first]


@pytest.mark.parametrize(
    "change",
    [
        {"set": {"status": "confused"}},
        {"drop": ["status"]},
        {"set": {"status": "failed"}, "status": 500},
    ],
    ids=[
        "an unknown status",
        "no status",
        "failed in an error of the server's",
    ],
)
async def test_fm22_what_is_no_definite_word_is_asked_again(
    dispatcher: Dispatcher, change: dict[str, Any]
) -> None:
    """Failed with a status that Ark's adapter doesn't know taken for a failure, and with an error's body read
    like an answer's: the task failed at the first word and was never asked for again.
    """
    await dispatcher.start()
    alter = [{"path": "/tasks/", "method": "GET", **change}]
    await dispatcher.simulator.record()
    await dispatcher.simulator.set(ark={"alter": alter})
    task = await dispatcher.accept()

    async def asked() -> bool:
        return (await dispatcher.simulator.came()).count("GET") >= 3

    await until(asked)
    assert await dispatcher.said(task, "provider.completed") == []
    await dispatcher.simulator.set(ark={"alter": []})
    await dispatcher.db.pool.execute("UPDATE work SET due_at = now() WHERE NOT leased")
    assert (await dispatcher.completed(task))["outcome"] == "succeeded"


async def test_fm22_a_success_without_a_result_is_none_and_stays_none(dispatcher: Dispatcher) -> None:
    """Nothing to copy, nothing to pay for. Failed without the look for `video_url`: it was a success."""
    await dispatcher.start()
    nothing = {"path": "/tasks/", "method": "GET", "set": {"content": None}}
    await dispatcher.simulator.set(ark={"alter": [nothing]})
    task = await dispatcher.accept()
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["error_code"]) == ("failed", "provider_failed")
    await dispatcher.simulator.set(ark={"alter": []})
    assert await until(lambda: _idle(dispatcher))
    assert await dispatcher.said(task, "provider.completed") == [done]


async def test_fm22_completed_is_not_yet_succeeded_where_failures_say_so_too(dispatcher: Dispatcher) -> None:
    """fal ends failures as COMPLETED and says what it was with the result.

    Failed with COMPLETED taken for a success and no second question: it had succeeded.
    """
    await dispatcher.start()
    done = await dispatcher.completed(await dispatcher.accept("a [sim:fail]", model="flux-dev"))
    assert (done["outcome"], done["outputs"]) == ("failed", [])


async def _idle(dispatcher: Dispatcher) -> bool:
    return await dispatcher.work_rows() == 0


async def _true(fact: bool) -> bool:
    return fact
