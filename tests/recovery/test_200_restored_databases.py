"""A database is set back to a dump while everybody else goes on: what was accepted is there, nothing twice.

Seen without a service's own topics (nothing of what `own.read` finds is applied): the gateway didn't know
tasks that it had answered for. All others came to the same end without them: they hear each other's words
again from where the dump stood, decide as before, and ask the provider what it has. So it is also looked at
that something was taken back.
"""

import asyncio
import os
import re
from collections import Counter

import pytest
import restored_database as database
from contracts.topics import SERVICES
from recovery_load import Load, counted

LONG = bool(os.environ.get("FRAMEBUS_LONG"))
BEFORE, AFTER = (100, 500) if LONG else (6, 12)
LOAD_SECONDS = 300 if LONG else 0
FINISHED = "SELECT count(*) AS n FROM tasks WHERE account_id = $1 AND finished_at IS NOT NULL"
TAKEN = "SELECT count(*) AS n FROM jobs WHERE account_id = $1 AND attempt > 0"
GRANTED = 10_000_000_000


@pytest.mark.timeout(900 if LONG else 300)
@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_set_back_to_a_dump_takes_back_what_it_had_said(world, service, tmp_path) -> None:
    customer = await world.customer("10000")
    load = Load(world, customer, f"restored-{service}")
    await load.submit(BEFORE)
    await counted(world, "gateway", FINISHED, customer, 1)
    await database.dump(world, service, tmp_path / "dump")
    for _ in range(max(1, LOAD_SECONDS // 10)):
        await load.submit(AFTER // max(1, LOAD_SECONDS // 10))
        await asyncio.sleep(10 if LONG else 0)
    await counted(world, "gateway", FINISHED, customer, BEFORE + 1)
    await world.simulate(ark={"delay_seconds": 4.0})
    await load.submit(4)
    await counted(world, "dispatcher", TAKEN, customer, BEFORE + AFTER + 1)
    await database.lose(world, service)
    await database.restore(world, service, tmp_path / "dump")
    done = await asyncio.to_thread(world.command, service, "recover", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.match(r"epoch (?!1:)\d+: read .*; (\d+) facts restored", done.stdout)
    assert found, done.stdout
    assert int(found[1]) > 0 or service == "callbacks", done.stdout  # there is nobody here to call back
    await database.start(world, service)
    ended = await load.ended()
    succeeded = ended["succeeded"]
    unknown = [each for each in await load.failures() if each != "provider_outcome_unknown"]
    assert not unknown, (ended, done.stdout)
    assert service == "dispatcher" or succeeded == len(load.tasks), ended
    sent = await load.sent()
    assert max(sent.values()) == 1, sent
    await load.paid(GRANTED, succeeded)
    await load.again()
    assert Counter(await load.seen()) == {200: len(load.tasks)}
