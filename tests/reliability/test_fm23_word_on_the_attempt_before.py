"""23: a retry meets the provider's word on the attempt before. All is known by (task, attempt)."""

from dispatcher.domain.facts import Reported
from dispatcher_tools import Dispatcher, frozen, requested, until


async def test_fm23_a_late_word_on_the_first_attempt_is_no_word_on_the_second(dispatcher: Dispatcher) -> None:
    """Failed without `a.n = r.n` in `db/hints.py`: the second one took the first one's lead."""
    await dispatcher.start()
    other = await dispatcher.accept("another task's, long done")
    await dispatcher.completed(other)
    others_job = (await dispatcher.attempts(other))[0]["provider_job_id"]
    await dispatcher.simulator.set(ark={"drop_request_next": 1, "drop_answer_next": 1})
    request = requested("[sim:delay=1]")
    task = request.task_id
    await dispatcher.apply(request, frozen(request))

    async def second_is_on_its_way() -> bool:
        return [each["status"] for each in await dispatcher.attempts(task)][:1] == ["absent"] and (
            len(await dispatcher.attempts(task)) == 2
        )

    await until(second_is_on_its_way)
    for job_id in ("cgt-20260101000000-never", others_job):
        await dispatcher.apply(Reported("ark", task, request.account_id, 1, job_id, True))
    done = await dispatcher.completed(task)
    first, second = await dispatcher.attempts(task)
    (own,) = [job for job in await dispatcher.simulator.jobs() if job["correlation"] == second["correlation"]]
    assert (done["outcome"], done["attempt"]) == ("succeeded", 2)
    assert second["provider_job_id"] == own["id"] == done["provider_job_id"]
    assert second["hint_job_id"] is None
    assert (first["provider_job_id"], first["correlation"] != second["correlation"]) == (None, True)
