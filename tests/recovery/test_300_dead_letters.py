"""A service can't write what it is told, the operator mends it and has the dead letters handled again.

The fault is a constraint that somebody added by mistake. With a whole batch set aside instead of the records
at fault (`Batches._process`) the neighbour's tasks, which came with them, don't end.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from flow_tools import Customer, World, got, until
from framebus.__main__ import cli
from recovery_load import Load
from typer.testing import CliRunner, Result

LISTENERS = "/api/v1/webhooks/listeners"
MISTAKES = {
    "gateway": ("tasks", "closed_at IS NULL"),
    "ledger": ("tasks", "storage_outcome IS NULL"),
    "dispatcher": ("jobs", "frozen_at IS NULL"),
    "callbacks": ("messages", "false"),
    "storage": ("tasks", "false"),
}
"""What each can't write about the account: the outcome, the stored files, the hold, the news, the job."""
TASKS = 3


@asynccontextmanager
async def mistaken(world: World, service: str, account: str) -> AsyncIterator[None]:
    table, allowed = MISTAKES[service]
    check = f"CHECK (account_id <> '{account}' OR {allowed}) NOT VALID"
    await world.rows(service, f"ALTER TABLE {table} ADD CONSTRAINT mistake {check}")
    try:
        yield
    finally:
        await world.rows(service, f"ALTER TABLE {table} DROP CONSTRAINT mistake")


async def operator(world: World, *words: object) -> Result:
    """`framebus admin …` with an operator's key."""
    told = {"FRAMEBUS_URL": world.facts["gateway_url"], "FRAMEBUS_API_KEY": world.facts["admin_key"]}
    return await asyncio.to_thread(CliRunner().invoke, cli, ["admin", *map(str, words)], env=told)


async def letters(world: World, service: str, customer: Customer) -> list[dict[str, Any]]:
    """The account's open dead letters at a service, the oldest first, as the terminal lists them."""
    listed = await operator(world, "dead-letters", service, "--open", "--limit", "200", "--json")
    assert listed.exit_code == 0, listed.output
    return [each for each in reversed(json.loads(listed.stdout)["data"]) if each["key"] == customer.id]


class Told:
    """What the account's own listener is told: each message once, however often it polls."""

    def __init__(self, customer: Customer, listener: str) -> None:
        self._api, self._path = customer.api, f"{LISTENERS}/{listener}/poll"
        self.successes: list[str] = []

    async def poll(self) -> int:
        """Take what there is; how many successes it has been told of so far."""
        news = got(await self._api.post(self._path, json={"wait": 0}))["data"]
        self.successes += [each["payload"]["data"]["task_id"] for each in news]
        taken = {"wait": 0, "acknowledge": [each["delivery_id"] for each in news]}
        if news:
            again = got(await self._api.post(self._path, json=taken))["data"]
            self.successes += [each["payload"]["data"]["task_id"] for each in again]
        return len(self.successes)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("service", MISTAKES)
async def test_dead_letters_of_a_mended_service_are_replayed_and_every_task_ends_once(
    world: World, service: str
) -> None:
    customer, neighbour = await asyncio.gather(world.customer("1000"), world.customer("1000"))
    listener = got(await customer.api.post(LISTENERS, json={"events": ["task.succeeded"]}), 201)
    told = Told(customer, listener["id"])
    load, others = Load(world, customer, f"dead-{service}"), Load(world, neighbour, f"alive-{service}")
    async with mistaken(world, service, customer.id):
        await asyncio.gather(load.submit(TASKS), others.submit(TASKS))
        assert await others.ended() == {"succeeded": TASKS}
        stuck = await until(lambda: _all_set_aside(world, service, customer), "the dead letters")
        shown = await operator(world, "dead-letter", service, stuck[0]["id"])
        letter = json.loads(shown.stdout)
        assert (letter["reason"], letter["replayed_at"]) == ("unprocessable", None)
        assert "mistake" in letter["error"]
        assert customer.id in letter["value"]
        refused = await operator(world, "replay", service, stuck[0]["id"])
        assert (refused.exit_code, "dead_letter_unprocessable" in refused.output) == (1, True)
        assert await told.poll() == 0
    for each in [*await letters(world, service, customer)] * 2:  # whoever isn't sure does it again
        done = await operator(world, "replay", service, each["id"], "--reason", "mended")
        assert json.loads(done.stdout)["replayed_at"], done.output
    assert await load.ended() == {"succeeded": TASKS}
    assert await letters(world, service, customer) == []
    assert await load.sent() == dict.fromkeys(load.tasks, 1)
    await load.paid(1_000_000_000, TASKS)
    await until(lambda: _all_told(told), "the news of every task")
    assert sorted(told.successes) == sorted(load.tasks.values())


async def _all_set_aside(world: World, service: str, customer: Customer) -> list[dict[str, Any]] | None:
    found = await letters(world, service, customer)
    return found if len(found) >= TASKS else None


async def _all_told(told: Told) -> bool:
    return await told.poll() >= TASKS
