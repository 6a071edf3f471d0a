"""Kafka loses everything while tasks are at every step; `python -m stack replay` fills it again."""

import asyncio
import os
import shutil

import pytest
from recovery_load import Load, counted
from stack import control
from stack.replay import replay

LONG = bool(os.environ.get("FRAMEBUS_LONG"))
TASKS = 300 if LONG else 30
OPEN = "SELECT count(*) AS n FROM tasks WHERE account_id = $1 AND finished_at IS NULL"
SENT = "SELECT count(*) AS n FROM jobs WHERE account_id = $1 AND attempt > 0"
SAID = """
SELECT count(*) AS n FROM outbox o, outbox_cursor c
WHERE c.name = 'relay' AND (o.epoch, o.txid, o.id) <= (c.epoch, c.txid, c.id)
  AND o.key = $1::uuid::text AND o.topic = 'credits.frozen'
"""


@pytest.mark.timeout(300)
async def test_a_broker_that_lost_its_data_is_filled_again_and_every_task_ends_once(world) -> None:
    """The dispatcher is dead, so that of a third of the holds only Kafka has the word that it needs.

    Failed without the refill (`_refill`): that third never ended.
    """
    customer = await world.customer("10000")
    await world.simulate(ark={"delay_seconds": 3.0})
    load = Load(world, customer, "lost-broker")
    third = TASKS // 3
    await load.submit(third)
    await counted(world, "dispatcher", SENT, customer, third)
    control.kill("dispatcher", state=world.home.state)
    await load.submit(third)
    await counted(world, "ledger", SAID, customer, 2 * third)
    shutil.rmtree(world.home.data / "kafka" / "log")
    await load.submit(TASKS - 2 * third)
    await counted(world, "gateway", OPEN, customer, 2 * third)
    said: list[str] = []
    await asyncio.to_thread(lambda: asyncio.run(replay(world.home, said.append)))
    assert "topics had to be made" in " ".join(said)
    assert await load.ended() == {"succeeded": TASKS}, said
    assert await load.sent() == dict.fromkeys(load.tasks, 1)
    await load.paid(10_000_000_000, TASKS)
    await load.again()
