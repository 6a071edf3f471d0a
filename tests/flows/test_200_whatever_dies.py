"""kill -9 of each service while it has work in hand: every task ends, every job is sent once.

Once per service here; `FRAMEBUS_LONG=1` kills each three times.
"""

import asyncio
import contextlib
import os
import time
from collections import Counter

import httpx
import pytest
from flow_tools import FINAL, seedance, until, veo
from stack import control

KILLS = 3 if os.environ.get("FRAMEBUS_LONG") else 1
TASKS = 50
IN_STEP = {
    "gateway": ("gateway", "SELECT count(*) AS n FROM tasks WHERE account_id = $1 AND finished_at IS NULL"),
    "ledger": ("ledger", "SELECT count(*) AS n FROM tasks WHERE account_id = $1 AND outcome IS NULL"),
    "dispatcher": (
        "dispatcher",
        "SELECT count(*) AS n FROM attempts JOIN jobs USING (task_id)"
        " WHERE account_id = $1 AND attempts.status = 'submitting'",
    ),
    "callbacks": (
        "dispatcher",
        "SELECT count(*) AS n FROM attempts JOIN jobs USING (task_id)"
        " WHERE account_id = $1 AND attempts.status = 'submitted'",
    ),
    "storage": ("storage", "SELECT count(*) AS n FROM work WHERE account_id = $1"),
}
HELD = {
    "gateway": {"delay_seconds": 600.0},
    "ledger": {"delay_seconds": 600.0},
    "dispatcher": {"submit_delay_seconds": 30.0},
    "callbacks": {"delay_seconds": 600.0},
    "storage": {"delay_seconds": 0.2},
}
"""What keeps tasks in a service's step until it has been killed; in storage's a failpoint does."""


async def in_step(world, service: str, account: str) -> int:
    database, sql = IN_STEP[service]
    return int((await world.rows(database, sql, account))[0]["n"])


async def submit_all(customer, prompt: str, make=seedance) -> list[str]:
    """Submit with keys and retry what got no answer, as a good client does."""

    async def one(number: int) -> str:
        key = f"{prompt}-{number}".replace(" ", "-")
        for _ in range(300):
            try:
                answer = await customer.submit(make(f"{prompt} {number}"), key)
            except httpx.TransportError:  # the gateway may be the one that was killed
                await asyncio.sleep(0.1)
                continue
            if answer.status_code < 500:
                assert answer.status_code == 202, answer.text
                return answer.json()["task_id"]
        raise AssertionError("never accepted")

    return list(await asyncio.gather(*(one(n) for n in range(TASKS))))


async def outcomes(customer, tasks: list[str], seconds: float) -> list[dict]:
    async def one(task: str) -> dict:
        end = time.monotonic() + seconds
        document: dict = {}
        while time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):
                document = await customer.task(task)
                if document["status"] in FINAL:
                    return document
            await asyncio.sleep(0.3)
        raise AssertionError(f"{task} never ended: {document}")

    return list(await asyncio.gather(*(one(task) for task in tasks)))


async def kill_in_step(world, service: str, account: str, provider: str = "ark") -> None:
    """Kill it with work in hand, then let go of what the simulator held."""

    async def enough() -> bool:
        return await in_step(world, service, account) >= 10

    await until(enough, f"10 tasks in the {service}'s step")
    await asyncio.to_thread(control.kill, service, state=world.home.state)
    await world.simulate(**{provider: {"delay_seconds": 0.5, "submit_delay_seconds": 0}})
    await world.finish(provider)
    await asyncio.to_thread(control.restart, service, world.home.state)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("service", list(IN_STEP))
@pytest.mark.parametrize("round_", range(KILLS))
async def test_fifty_tasks_survive_the_kill_of_a_service(world, service: str, round_: int) -> None:
    customer = await world.customer("1000")
    await world.simulate(ark=HELD[service])
    if service == "storage":  # its successor isn't armed
        await asyncio.to_thread(control.failpoints, service, "work.claimed=delay:60", world.home.state)
    prompt = f"kill {service} {round_}"
    submitting = asyncio.create_task(submit_all(customer, prompt))
    await kill_in_step(world, service, customer.id)
    documents = await outcomes(customer, await submitting, 180)
    assert Counter(d["status"] for d in documents) == {"succeeded": TASKS}, [
        d["error"] for d in documents if d["error"]
    ]
    assert len([job for job in await world.jobs() if job["prompt"].startswith(prompt)]) == TASKS
    settled = await world.rows(
        "ledger", "SELECT count(*) AS n FROM tasks WHERE account_id = $1 AND outcome = 'settled'", customer.id
    )
    assert settled[0]["n"] == TASKS

    async def charged() -> bool:
        balance = await customer.credits()
        return (
            round(balance["available"] * 1_000_000) == 1000_000_000 - TASKS * 6_570_000
            and balance["held"] == 0
        )

    await until(charged, "each task charged once")
    await world.books_are_right()


@pytest.mark.timeout(400)
async def test_where_nothing_can_be_looked_up_a_kill_never_makes_two_jobs_of_one_task(world) -> None:
    customer = await world.customer("5000")
    await world.simulate(gemini={"submit_delay_seconds": 30.0})
    submitting = asyncio.create_task(submit_all(customer, "kill veo", veo))
    await kill_in_step(world, "dispatcher", customer.id, "gemini")
    documents = await outcomes(customer, await submitting, 200)
    unknown = [d for d in documents if d["status"] == "failed"]
    assert all(d["error"]["code"] == "provider_outcome_unknown" for d in unknown), unknown[:1]
    prompts = Counter(job["prompt"] for job in await world.jobs(provider="gemini"))
    assert max(prompts.values()) == 1
    spent = 67.5 * (TASKS - len(unknown))

    async def paid() -> bool:
        balance = await customer.credits()
        return (balance["available"], balance["held"]) == (5000 - spent, 0)

    await until(paid, "only the successes are paid")
    await world.books_are_right()
