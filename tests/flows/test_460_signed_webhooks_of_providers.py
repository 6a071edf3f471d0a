"""Providers that sign: their webhooks, and no poll, bring a task to its end; a forged one is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from flow_tools import World, got, picture, seedance, uuid_of
from stack import control

SORA = {"model": "sora-2", "input": {"prompt": "a red kite", "duration": 4}}
ENDPOINTS = "/openai/v1/webhook_endpoints"
OPENAI = "openai"


async def asked(world: World, task: str) -> list[tuple[str, int]]:
    """The provider of each attempt, and how often it was asked about the job."""
    sql = "SELECT provider, polls FROM attempts WHERE task_id = $1 ORDER BY n"
    return [(row["provider"], row["polls"]) for row in await world.rows("dispatcher", sql, uuid_of(task))]


@pytest.fixture
async def address(world: World) -> AsyncIterator[str]:
    """The account-wide address of a callbacks process that has the provider's key, registered there."""
    world.simulator.headers["authorization"] = "Bearer sim-key"
    given = {"name": "ours", "url": "http://127.0.0.1:1", "event_types": ["video.completed", "video.failed"]}
    made = got(await world.simulator.post(ENDPOINTS, json=given))
    keys = {"CALLBACKS_WEBHOOK_KEYS": json.dumps({OPENAI: [made["signing_secret"]]})}
    state = world.home.state
    url = await asyncio.to_thread(
        control.start_extra, "callbacks", name="callbacks-signed", state=state, environment=keys
    )
    words = ("address", "--provider", OPENAI, "--base-url", url)
    printed = (await asyncio.to_thread(world.command, "callbacks", *words)).stdout.strip()
    got(await world.simulator.post(f"{ENDPOINTS}/{made['id']}", json={"url": printed}))
    yield printed
    await asyncio.to_thread(control.stop_extra, "callbacks-signed", state)


@pytest.mark.timeout(240)
async def test_a_job_ends_by_the_webhook_that_its_providers_account_is_sent(
    world: World, address: str
) -> None:
    customer = await world.customer("100")
    document = await customer.make(SORA)
    assert document["status"] == "succeeded", document
    assert await asked(world, document["task_id"]) == [(OPENAI, 1)]
    forged = {"webhook-id": "wh_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    async with httpx.AsyncClient(trust_env=False) as anybody:
        refused = await anybody.post(address, json={"type": "video.completed"}, headers=forged)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_signature")


async def test_a_prediction_ends_by_its_own_signed_webhook(world: World) -> None:
    customer = await world.customer("100")
    driving = (await customer.make(seedance(resolution="480p", duration=4)))["output"]["videos"][0]["url"]
    given: dict[str, Any] = {"image_url": picture((200, 160, 120)), "video_url": driving, "frames": 41}
    document = await customer.make({"model": "liveportrait", "input": given})
    assert document["status"] == "succeeded", document
    assert await asked(world, document["task_id"]) == [("replicate", 1)]
