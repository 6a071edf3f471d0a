"""`framebus trace`: what every service's records say of one task, as an operator asks for it."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from flow_tools import got, seedance, until, uuid_of
from stack import control

FRAMEBUS = Path(sys.executable).with_name("framebus")
STORY = [
    ("gateway", "accepted"),
    ("ledger", "credits frozen"),
    ("dispatcher", "submitting"),
    ("dispatcher", "taken by ark"),
    ("callbacks", "webhook of ark"),
    ("dispatcher", "attempt succeeded"),
    ("storage", "copied"),
    ("ledger", "closed: settled"),
    ("callbacks", "delivery of task.succeeded"),
    ("callbacks", "delivery attempted"),
]
PROMPT = "a lighthouse that only its owner may read of"


async def framebus(world, *words: str) -> tuple[int | None, str, str]:
    """The exit code and what was printed."""
    told = {"FRAMEBUS_URL": world.facts["gateway_url"], "FRAMEBUS_API_KEY": world.facts["admin_key"]}
    process = await asyncio.create_subprocess_exec(
        FRAMEBUS,
        *words,
        env=os.environ | told | {"COLUMNS": "180"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode, out.decode(), err.decode()


@pytest.mark.timeout(200)
async def test_the_story_of_a_task_comes_from_every_service_in_order(world) -> None:
    customer = await world.customer("20")
    secret = "https://hooks.example.invalid/path-that-is-secret?token=7"
    submitted = await customer.submit(seedance(PROMPT) | {"webhook_url": secret})
    task = got(submitted, 202)["task_id"]
    assert (await customer.finished(task))["status"] == "succeeded"
    operator = world.client(world.facts["admin_key"])

    async def whole() -> dict | None:
        story = got(await operator.get(f"/api/v1/admin/tasks/{task}/trace"))
        told = ("callbacks", "delivery attempted") in names(story)
        return story if told and not story["silent"] else None  # a service may be slow to answer

    story = await until(whole, "an attempt to deliver")
    assert (story["uuid"], story["status"], story["silent"]) == (str(uuid_of(task)), "succeeded", [])
    found = iter(names(story))
    assert all(step in found for step in STORY), names(story)
    assert [moment["at"] for moment in story["moments"]] == sorted(each["at"] for each in story["moments"])
    text = json.dumps(story)
    assert not [hidden for hidden in (PROMPT, customer.key, "path-that-is-secret") if hidden in text]

    async def printed() -> str | None:
        code, out, err = await framebus(world, "trace", str(uuid_of(task)))
        assert code == 0, err
        return None if "could not be asked" in err else out

    out = await until(printed, "a story of all services")
    assert all(what in out for _, what in STORY), out
    assert "held 6.57 cr" in out, out
    code, _, err = await framebus(world, "trace", "task_00000000000000000000000000")
    assert (code, "task_not_found" in err) == (1, True)


@pytest.mark.timeout(200)
async def test_a_service_that_can_not_be_asked_is_named(world) -> None:
    customer = await world.customer("20")
    document = await customer.make(seedance())
    state = world.home.state
    await asyncio.to_thread(control.kill, "storage", state=state)
    try:

        async def without_storage() -> str | None:
            code, out, err = await framebus(world, "trace", document["task_id"])
            assert (code, "storage could not be asked" in err) == (0, True), err
            return out if err.count("could not be asked") == 1 else None

        assert "closed: settled" in await until(without_storage, "a story of the others")
    finally:
        await asyncio.to_thread(control.restart, "storage", state, within=120)


def names(story: dict) -> list[tuple[str, str]]:
    return [(moment["service"], moment["what"]) for moment in story["moments"]]
