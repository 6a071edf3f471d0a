"""Cancelling: what isn't submitted stops at once, what a provider has stops if the provider can."""

import asyncio

import pytest
from dispatcher.domain.facts import Fact
from dispatcher_tools import SEEDANCE, VEO, WAN, Dispatcher, cancel, frozen, requested, settled, until
from hypothesis import HealthCheck, given
from hypothesis import settings as tuned
from hypothesis import strategies as st

pytestmark = pytest.mark.stack
WAITS = "[sim:delay=400]"
"""A job's queue is a quarter of its delay, longer than any test looks."""


async def test_a_cancel_needs_no_other_fact(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    request = requested()
    await dispatcher.apply(cancel(request))
    done = await dispatcher.completed(request.task_id)
    assert (done["outcome"], done["error_code"], done["attempt"]) == ("cancelled", "cancelled", 0)
    await dispatcher.apply(request, frozen(request), cancel(request))
    await asyncio.sleep(0.2)
    assert await dispatcher.simulator.jobs() == []
    assert await dispatcher.work_rows() == 0


@pytest.mark.parametrize("model", [SEEDANCE, WAN])
async def test_a_job_that_waits_at_the_provider_is_stopped_there(dispatcher: Dispatcher, model: str) -> None:
    await dispatcher.start()
    request = requested(WAITS, model=model)
    await dispatcher.apply(request, frozen(request))
    await until(lambda: dispatcher.said(request.task_id, "task.progress"))
    await dispatcher.apply(cancel(request))
    done = await dispatcher.completed(request.task_id)
    assert (done["outcome"], done["error_code"], done["attempt"]) == ("cancelled", "cancelled", 1)
    (attempt,) = await dispatcher.attempts(request.task_id)
    assert (attempt["status"], attempt["cancel"]) == ("cancelled", "accepted")


async def test_a_job_that_runs_goes_on_and_its_success_counts(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    await dispatcher.simulator.set(ark={"never_final_next": 1})
    request = requested()
    await dispatcher.apply(request, frozen(request))

    async def runs() -> bool:
        said = await dispatcher.said(request.task_id, "task.progress")
        return any(each["state"] == "processing" for each in said)

    await until(runs)
    await dispatcher.apply(cancel(request))

    (before,) = await dispatcher.attempts(request.task_id)

    async def asked_again() -> bool:
        (attempt,) = await dispatcher.attempts(request.task_id)
        return bool(attempt["polls"] >= before["polls"] + 2)

    await until(asked_again)
    await dispatcher.simulator.finish()
    done = await dispatcher.completed(request.task_id)
    assert (done["outcome"], len(done["outputs"])) == ("succeeded", 1)


async def test_where_a_protocol_has_no_cancel_the_task_ends_as_it_ends(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    request = requested("[sim:delay=1]", model=VEO)
    await dispatcher.apply(request, frozen(request))
    await until(lambda: dispatcher.said(request.task_id, "task.progress"))
    await dispatcher.apply(cancel(request))
    assert (await dispatcher.completed(request.task_id))["outcome"] == "succeeded"


async def test_a_cancel_while_the_submit_is_on_its_way_reaches_the_provider(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    await dispatcher.simulator.set(ark={"submit_delay_seconds": 0.6})
    request = requested(WAITS)
    await dispatcher.apply(request, frozen(request))
    await until(lambda: dispatcher.attempts(request.task_id))
    await dispatcher.apply(cancel(request))
    assert (await dispatcher.completed(request.task_id))["outcome"] == "cancelled"


async def test_a_lost_answer_is_found_before_it_is_stopped(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    await dispatcher.simulator.set(ark={"drop_answer_next": 1})
    request = requested(WAITS)
    await dispatcher.apply(request, frozen(request))
    await until(lambda: dispatcher.attempts(request.task_id))
    await dispatcher.apply(cancel(request))
    done = await dispatcher.completed(request.task_id)
    assert (done["outcome"], done["attempt"]) == ("cancelled", 1)
    assert len(await dispatcher.simulator.jobs()) == 1


async def test_a_cancel_of_what_waits_for_its_provider_is_not_sent(dispatcher: Dispatcher) -> None:
    await dispatcher.start(ark={"base_url": "http://127.0.0.1:9/ark/api/v3"})
    request = requested()
    await dispatcher.apply(request, frozen(request))

    async def deferred() -> bool:
        return [each["status"] for each in await dispatcher.attempts(request.task_id)] == ["deferred"]

    await until(deferred)
    await dispatcher.apply(cancel(request))
    assert (await dispatcher.completed(request.task_id))["outcome"] == "cancelled"


@given(data=st.data())
@tuned(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_every_order_and_repetition_with_a_cancel_gives_one_last_word(
    dispatcher: Dispatcher, data: st.DataObject
) -> None:
    if not dispatcher.workers:
        await dispatcher.start()
    request = requested(data.draw(st.sampled_from(["a street", "[sim:queued]", "[sim:fail]"])))
    facts: list[Fact] = [request, frozen(request), cancel(request)]
    shuffled = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts), max_size=3))))
    for fact in shuffled:
        await dispatcher.apply(fact)
        await asyncio.sleep(data.draw(st.sampled_from([0.0, 0.05, 0.3])))
    done = await dispatcher.completed(request.task_id)
    assert done["outcome"] in {"cancelled", "succeeded", "failed"}
    await dispatcher.apply(settled(request), *shuffled)
    await asyncio.sleep(0.05)
    assert len(await dispatcher.said(request.task_id, "provider.completed")) == 1
    jobs = [each for each in await dispatcher.simulator.jobs() if request.task_id.hex in str(each)]
    assert len(jobs) <= 1
