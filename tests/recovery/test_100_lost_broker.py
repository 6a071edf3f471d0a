"""Kafka loses everything while tasks are at every step; `python -m stack replay` fills it again.

Should fail without the refill (`_refill`): what only Kafka knew, tasks on their way to the next service,
would never end.
"""

import asyncio
import os
import shutil

import pytest
from recovery_load import Load, counted
from stack.replay import replay

LONG = bool(os.environ.get("FRAMEBUS_LONG"))
TASKS = 300 if LONG else 30
OPEN = "SELECT count(*) AS n FROM tasks WHERE account_id = $1 AND finished_at IS NULL"
SENT = "SELECT count(*) AS n FROM jobs WHERE account_id = $1 AND attempt > 0"


@pytest.mark.timeout(300)
async def test_a_broker_that_lost_its_data_is_filled_again_and_every_task_ends_once(world) -> None:
    customer = await world.customer("10000")
    await world.simulate(ark={"delay_seconds": 3.0})
    load = Load(world, customer, "lost-broker")
    await load.submit(TASKS - TASKS // 3)
    await counted(world, "dispatcher", SENT, customer, TASKS // 3)
    shutil.rmtree(world.home.data / "kafka" / "log")
    await load.submit(TASKS // 3)
    await counted(world, "gateway", OPEN, customer, 10)
    said: list[str] = []
    await asyncio.to_thread(lambda: asyncio.run(replay(world.home, said.append)))
    assert "topics had to be made" in " ".join(said)
    assert await load.ended() == {"succeeded": TASKS}, said
    assert await load.sent() == dict.fromkeys(load.tasks, 1)
    await load.paid(10_000_000_000, TASKS)
    await load.again()
