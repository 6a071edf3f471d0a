"""14: one consumer is slow: the others go on, it says how far behind it is, and it catches up."""

import asyncio
import re

import httpx
import pytest
from flow_tools import Customer, World, seedance, until, uuid_of
from reliability_tools import LONG, arm

TASKS, BACKLOG = 20, 400


async def lag(world: World, service: str) -> float:
    """What the service itself says it has not handled yet."""
    async with httpx.AsyncClient(base_url=world.facts["services"][service], trust_env=False) as http:
        text = (await http.get("/metrics")).text
    found = re.findall(r"^framebus_consumer_lag\{[^}]*\} ([0-9.e+]+)$", text, re.MULTILINE)
    return sum(map(float, found))


async def behind(world: World, records: int = 1) -> bool:
    return await lag(world, "storage") >= records


async def held(world: World, task: str) -> bool:
    """Whether storage has written down what it is to copy for a task: the batch it now rests after."""
    return bool(await world.rows("storage", "SELECT FROM tasks WHERE task_id = $1", uuid_of(task)))


async def made(world: World, customer: Customer, tasks: int) -> bool:
    """Whether the providers have made what that many tasks asked for."""
    ended = "SELECT count(*) AS n FROM jobs WHERE account_id = $1 AND outcome = 'succeeded'"
    return (await world.rows("dispatcher", ended, customer.id))[0]["n"] == tasks


@pytest.mark.timeout(180)
async def test_fm14_a_reader_that_is_slow_holds_up_nobody_else_and_catches_up(world) -> None:
    """Seen to fail with a reader that tells no lag: nobody saw that it was behind. With one Kafka group for
    all services a record reached one of its readers, and no task came as far as storage.
    """
    customer = await world.customer("1000")
    await arm(world, "storage", "bus.committed=delay:20")
    try:
        first = await customer.submit(seedance("the first batch"))
        await until(lambda: held(world, first.json()["task_id"]), "the batch that is held up")
        answers = await asyncio.gather(*(customer.submit(seedance(f"held up {n}")) for n in range(TASKS)))
        assert {answer.status_code for answer in answers} == {202}
        await until(lambda: behind(world), "the lag where it can be seen")
        await until(lambda: made(world, customer, TASKS + 1), "the provider's part of every task")
        assert (await customer.submit(seedance("one more"))).status_code == 202
    finally:
        await arm(world, "storage", "")
    for answer in answers:
        assert (await customer.finished(answer.json()["task_id"]))["status"] == "succeeded"


@pytest.mark.skipif(not LONG, reason="makes and works off a big backlog; FRAMEBUS_LONG=1")
@pytest.mark.timeout(900)
async def test_fm14_a_big_backlog_is_worked_off_while_more_comes(world) -> None:
    customer = await world.customer("15000")
    await arm(world, "storage", "bus.committed=delay:90")
    try:
        answers = await asyncio.gather(*(customer.submit(seedance(f"piled up {n}")) for n in range(BACKLOG)))
        assert {answer.status_code for answer in answers} == {202}
        await until(lambda: made(world, customer, BACKLOG), "the provider's part of every task", 400)
        await until(lambda: behind(world, BACKLOG // 2), "the lag where it can be seen")
    finally:
        await arm(world, "storage", "")
    tasks = [answer.json()["task_id"] for answer in answers]
    done = "SELECT count(*) AS n FROM tasks WHERE account_id = $1 AND status = 'succeeded'"

    async def worked_off() -> bool:
        tasks.append((await customer.submit(seedance("meanwhile"))).json()["task_id"])
        return (await world.rows("gateway", done, customer.id))[0]["n"] >= BACKLOG

    await until(worked_off, "as many tasks done as had piled up", 300)
    for task in tasks:
        assert (await customer.finished(task, 120))["status"] == "succeeded"
    assert not await behind(world)
    await world.books_are_right()
