"""14: one consumer is slow: the others go on, it says how far behind it is, and it catches up."""

import asyncio
import re

import httpx
import pytest
from flow_tools import World, seedance, until
from reliability_tools import arm

TASKS = 20


async def lag(world: World, service: str) -> float:
    """What the service itself says it has not handled yet."""
    async with httpx.AsyncClient(base_url=world.facts["services"][service], trust_env=False) as http:
        text = (await http.get("/metrics")).text
    found = re.findall(r"^framebus_consumer_lag\{[^}]*\} ([0-9.e+]+)$", text, re.MULTILINE)
    return sum(map(float, found))


@pytest.mark.timeout(180)
async def test_fm14_a_reader_that_is_slow_holds_up_nobody_else_and_catches_up(world) -> None:
    customer = await world.customer("1000")
    await arm(world, "storage", "bus.committed=delay:8")
    try:
        answers = await asyncio.gather(*(customer.submit(seedance(f"held up {n}")) for n in range(TASKS)))
        assert {answer.status_code for answer in answers} == {202}
        ended = "SELECT count(*) AS n FROM jobs WHERE account_id = $1 AND outcome = 'succeeded'"

        async def others_are_done() -> bool:
            return (await world.rows("dispatcher", ended, customer.id))[0]["n"] == TASKS

        async def behind() -> bool:
            return await lag(world, "storage") > 0

        await until(behind, "the lag where it can be seen")
        await until(others_are_done, "the provider's part of every task")
        assert (await customer.submit(seedance("one more"))).status_code == 202
    finally:
        await arm(world, "storage", "")
    for answer in answers:
        assert (await customer.finished(answer.json()["task_id"]))["status"] == "succeeded"
