"""16: the provider has taken a job, and what we knew of it is lost: it is never sent a second time."""

from collections import Counter

import pytest
from dispatcher_tools import SEEDANCE, UNCERTAIN, VEO, Dispatcher
from dispatcher_tools import until as soon
from flow_tools import World, seedance, until, veo
from reliability_tools import LONG, arm, dead, restart

MODELS = {"ark": seedance, "gemini": veo}


async def time_passes(world: World, account: str) -> bool:
    """Make the attempts that were on their way old, and their rows due; whether there were any."""
    old = """UPDATE attempts a SET submitting_at = submitting_at - interval '30 s' FROM jobs j
        WHERE j.task_id = a.task_id AND j.account_id = $1 AND a.status = 'submitting' RETURNING a.task_id"""
    found = await world.rows("dispatcher", old, account)
    await world.rows("dispatcher", "UPDATE work SET due_at = now() WHERE account_id = $1", account)
    return bool(found)


async def test_fm16_an_answer_lost_on_its_way_makes_no_second_job(world) -> None:
    """Seen to fail with an attempt that says `submitting` sent once more: two jobs."""
    customer = await world.customer("100")
    await world.simulate(ark={"drop_answer_next": 1})
    document = await customer.make(seedance("its answer is lost"), 90)
    assert document["status"] == "succeeded", document
    assert len([job for job in await world.jobs() if job["prompt"] == "its answer is lost"]) == 1


async def test_fm16_where_nothing_can_be_looked_up_a_lost_answer_is_unknown_and_free(world) -> None:
    """Seen to fail with an attempt that says `submitting` sent once more: a second job made a success."""
    customer = await world.customer("100")
    await world.simulate(gemini={"drop_answer_next": 1})
    task = (await customer.submit(veo("its answer is lost too"))).json()["task_id"]

    async def taken() -> bool:
        return "its answer is lost too" in [job["prompt"] for job in await world.jobs(provider="gemini")]

    async def unresolved() -> bool:
        return await time_passes(world, customer.id)

    await until(taken, "the job at the provider")
    await until(unresolved, "an attempt that nobody knows of")
    document = await customer.finished(task)
    assert document["status"] == "failed", document
    assert document["error"]["code"] == "provider_outcome_unknown"
    prompts = [job["prompt"] for job in await world.jobs(provider="gemini")]
    assert prompts.count("its answer is lost too") == 1

    async def back() -> bool:
        return (await customer.credits())["available"] == 100

    await until(back, "the credits back")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("provider", ["ark", *(["gemini"] if LONG else [])])
@pytest.mark.parametrize("place", ["dispatcher.marked", "dispatcher.accepted"])
async def test_fm16_a_dispatcher_killed_around_its_call_makes_one_job_and_one_charge(
    world, place: str, provider: str
) -> None:
    """Seen to fail with an attempt that says `submitting` sent once more: two jobs, where the first call had
    arrived. Where it had not, sending again is harmless, and looking it up has to find that out.
    """
    customer, prompt = await world.customer("200"), f"killed at {place} {provider}"
    await arm(world, "dispatcher", f"{place}=kill:1")
    task = (await customer.submit(MODELS[provider](prompt))).json()["task_id"]
    await dead(world, "dispatcher")
    await time_passes(world, customer.id)
    await restart(world, "dispatcher")
    document = await customer.finished(task, 90)
    jobs = [job for job in await world.jobs(provider=provider) if job["prompt"] == prompt]
    if provider == "gemini":  # it has no lookup and knows no key: nobody can say, so nobody pays
        assert document["error"]["code"] == "provider_outcome_unknown"
        assert len(jobs) == (place == "dispatcher.accepted")
    else:
        assert document["status"] == "succeeded", document
        assert len(jobs) == 1
    price = 6.57 if provider == "ark" else 0

    async def paid() -> bool:
        return (await customer.credits())["available"] == 200 - price

    await until(paid, "what it cost")


@pytest.mark.parametrize("model", [SEEDANCE, VEO])
async def test_fm16_a_worker_killed_between_mark_and_record_leaves_no_second_job(
    dispatcher: Dispatcher, model: str
) -> None:
    """Seen to fail with an attempt that says `submitting` sent once more: two jobs of each prompt, and twelve
    successes where nobody could know.
    """
    provider = "ark" if model == SEEDANCE else "gemini"
    patience = {"absent_after_seconds": 120.0, "uncertain_after_seconds": 240.0}  # no call ends by itself
    first = await dispatcher.start(**{provider: {"timeout_seconds": 90}}, **patience)
    await dispatcher.simulator.set(submit_delay_seconds=90)
    tasks = [await dispatcher.accept(f"street {n}", model=model) for n in range(12)]

    async def all_taken() -> bool:
        return len(await dispatcher.simulator.jobs()) == 12

    await soon(all_taken)
    await dispatcher.kill(first)
    assert {each["status"] for task in tasks for each in await dispatcher.attempts(task)} == {"submitting"}
    await dispatcher.simulator.set(submit_delay_seconds=0.0)
    await dispatcher.start(**UNCERTAIN if model == VEO else {})
    done = [await dispatcher.completed(task) for task in tasks]
    outcomes = Counter(each["error_code"] or each["outcome"] for each in done)
    assert outcomes == ({"succeeded": 12} if model == SEEDANCE else {"provider_outcome_unknown": 12})
    prompts = Counter(job["prompt"] for job in await dispatcher.simulator.jobs())
    assert set(prompts.values()) == {1}
