"""A key is the same key at every gateway."""

import asyncio

import pytest
from flow_tools import seedance
from stack import control

PROMISED_SECONDS = 1.0
"""The product's promise: it is what is tested, not how fast the machine is."""


@pytest.mark.timeout(180)
async def test_a_key_disabled_through_one_gateway_is_refused_by_another_within_a_second(world) -> None:
    customer = await world.customer("100")
    made = (await customer.api.post("/api/v1/keys", json={"name": "an app"})).json()
    url = await asyncio.to_thread(control.start_extra, "gateway", name="gateway-2", state=world.home.state)
    try:
        elsewhere = world.client(made["key"], url)
        assert (await elsewhere.get("/api/v1/credits")).status_code == 200
        assert (await elsewhere.post("/api/v1/tasks", json=seedance())).status_code == 202
        disabled = await customer.api.patch(f"/api/v1/keys/{made['id']}", json={"disabled": True})
        assert disabled.json()["disabled"] is True
        await asyncio.sleep(PROMISED_SECONDS)
        refused = await elsewhere.post("/api/v1/tasks", json=seedance())
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
        assert (await elsewhere.get("/api/v1/credits")).status_code == 401
    finally:
        await asyncio.to_thread(control.stop_extra, "gateway-2", world.home.state)
