"""`/api`: models, costs, keys, credits and figures, in the words of seed 003."""

from typing import Any

import pytest
from gateway.outbound.dispatcher import Dispatcher
from gateway_tools import Customer, World
from operator_setting import beside
from runtime.internal import InternalRoutes, answer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from surface_tools import asset, complete, conforms

FOX = {"prompt": "a fox in the snow"}
TABLE = {
    "wan-t2v": 21,
    "ltx-t2v": 16,
    "ltx-quality": 27,
    "hunyuan-t2v": 22,
    "hunyuan15-t2v": 22,
    "hunyuan15-i2v": 28,
    "ltx-i2v": 22,
    "cogvideo-t2v": 22,
    "animatediff": 12,
    "svd-i2v": 18,
    "wan-i2v": 23,
    "ltx-flf": 20,
    "wan-s2v": 28,
    "wan-flf": 23,
    "ltx-camera": 18,
    "ltx-control": 20,
    "wan-vace": 28,
    "wan-animate": 33,
    "liveportrait": 13,
    "hunyuan3d": 24,
    "dreamidv": 25,
    "echomimic": 20,
    "v2v": 3,
    "sd15": 2,
    "flux": 5,
    "flux-dev": 8,
    "flux-edit": 6,
}


@pytest.fixture
def world(surface_world: World) -> World:
    return surface_world


async def get(world: World, customer: Customer, path: str, **params: Any) -> Any:
    return await conforms(world, "GET", path, await customer.api.get(path, params=params))


async def test_a_quote_is_that_of_the_table_for_every_row(world: World) -> None:
    customer = await world.customer()
    for slug, cost in TABLE.items():
        told = await get(world, customer, "/api/generation-cost", model=slug, frames=41, steps=4)
        assert told["cost"] == cost, slug
    odd = await get(world, customer, "/api/generation-cost", model="hunyuan-t2v", frames=41, steps=7)
    assert odd["cost"] == 23


async def test_a_quote_names_the_tier_and_what_is_wrong(world: World) -> None:
    free = await world.customer(tier="free")
    told = await get(world, free, "/api/generation-cost", frames=121)
    assert (told["model"], told["required_tier"], told["allowed"]) == ("wan-t2v", "starter", False)
    for params, code, param in (
        ({"frames": 1000}, 400, "frames"),
        ({"frames": "x"}, 400, "frames"),
        ({"model": "none"}, 404, "model"),
        ({"colour": "red"}, 400, "colour"),
    ):
        wrong = await free.api.get("/api/generation-cost", params=params)
        told = await conforms(world, "GET", "/api/generation-cost", wrong)
        assert (wrong.status_code, told["param"]) == (code, param)


async def test_models_are_told_with_their_defaults_in_this_surfaces_words(world: World) -> None:
    customer = await world.customer()
    videos = {each["id"]: each for each in (await get(world, customer, "/api/models"))["models"]}
    images = {each["id"]: each for each in (await get(world, customer, "/api/image-models"))["models"]}
    assert set(TABLE) <= videos.keys() | images.keys()
    assert {"sd15", "flux", "flux-dev", "flux-edit"} <= images.keys()
    assert videos["wan-flf"]["required"] == ["prompt", "input_image", "end_image"]
    assert videos["wan-t2v"]["defaults"]["steps"] == 4
    assert videos["wan-t2v"]["rules"][0]["per_frame"] == 0.2
    assert (videos["wan-t2v"]["available"], images["flux"]["credit_cost"]) == (True, 5)


async def test_the_prices_are_public(world: World) -> None:
    told = await conforms(world, "GET", "/api/pricing", await world.client().get("/api/pricing"))
    tiers = {each["tier"]: each for each in told["tiers"]}
    assert [tiers[name]["max_frames"] for name in tiers] == [81, 121, 201, 301, 301, 999]
    assert [tiers[name]["max_resolution"] for name in tiers] == ["480p", "1080p", "4K", "4K", "4K", "4K"]
    assert (tiers["free"]["monthly_credits"], tiers["free"]["watermark"]) == (150, True)
    assert told["credit_value"] == 0.01


async def test_auth_check_and_credits(world: World) -> None:
    customer = await world.customer("100", tier="starter")
    told = await get(world, customer, "/api/auth/check")
    assert (told["authenticated"], told["tier"], told["credits"]) == (True, "starter", 100)
    assert told["limits"]["max_resolution"] == "1080p"
    await customer.api.post("/api/generate", json={**FOX, "frames": 41, "steps": 4})
    told = await get(world, customer, "/api/credits")
    assert told == {"balance": 79, "held": 21, "tier": "starter", "monthly_allowance": 500}
    assert (await world.client().get("/api/auth/check")).status_code == 401


async def test_a_key_is_made_listed_and_revoked(world: World) -> None:
    customer = await world.customer()
    made = await conforms(
        world, "POST", "/api/keys", await customer.api.post("/api/keys", json={"name": "My App"})
    )
    assert made["key"].startswith("mv_live_")
    other = world.client(made["key"])
    assert (await other.get("/api/auth/check")).status_code == 200
    listed = (await get(world, customer, "/api/keys"))["keys"]
    assert [(each["name"], each["is_active"]) for each in listed] == [("a key", True), ("My App", True)]
    assert all("key" not in each for each in listed)
    path = f"/api/keys/{made['id']}"
    for left in (["a key", "My App"], ["a key"]):
        gone = await customer.api.delete(path)
        assert await conforms(world, "DELETE", "/api/keys/{key_id}", gone) == {
            "id": made["id"],
            "revoked": True,
        }
        listed = (await get(world, customer, "/api/keys"))["keys"]
        assert [each["name"] for each in listed] == left
        assert [each["is_active"] for each in listed] == [True, False][: len(left)]
    assert (await customer.api.delete(path)).status_code == 404
    stranger = await world.customer()
    mine = (await get(world, customer, "/api/keys"))["keys"][0]["id"]
    assert (await stranger.api.delete(f"/api/keys/{mine}")).status_code == 404
    for body in ({}, {"name": ""}, {"name": 1}, {"name": "x", "colour": "red"}):
        wrong = await customer.api.post("/api/keys", json=body)
        assert wrong.status_code == 400
        await conforms(world, "POST", "/api/keys", wrong)


async def test_figures_count_what_was_made_spent_and_deleted(world: World) -> None:
    customer = await world.customer("1000")
    for _ in range(2):
        job = (await customer.api.post("/api/generate", json=FOX)).json()["job_id"]
        await complete(world, customer, job, asset(job), 29_000_000)
    await customer.api.post("/api/generate-image", json=FOX)
    assert (await customer.api.delete("/api/generations/1")).status_code == 200
    [day] = (await get(world, customer, "/api/analytics/usage"))["days"]
    assert (day["generations"], day["images"], day["completed"], day["credits_spent"]) == (2, 1, 2, 58)
    told = await get(world, customer, "/api/analytics/summary")
    assert (told["total_generations"], told["total_images"], told["favourite_model"]) == (2, 1, "wan-t2v")
    assert (told["video_minutes"], told["credits_spent"]) == (0.06, 58)
    assert (await customer.api.get("/api/analytics/usage", params={"days": 0})).status_code == 400
    nothing = await get(world, await world.customer(), "/api/analytics/summary")
    assert (nothing["total_generations"], nothing["favourite_model"]) == (0, None)


async def test_without_a_ledger_the_history_says_so(world: World) -> None:
    customer = await world.customer()
    told = await customer.api.get("/api/credits/history")
    assert (told.status_code, told.json()["code"]) == (503, "ledger_unavailable")


async def test_the_gpu_is_online_when_a_worker_has_a_way_to_it(world: World) -> None:
    customer = await world.customer()
    assert await get(world, customer, "/api/comfyui/status") == {"online": None}
    reports: list[dict[str, Any]] = []

    async def providers(_: Request) -> Response:
        return answer({"data": reports})

    app = Starlette(routes=[InternalRoutes("service-token").route("GET", "/providers", providers)])
    dispatcher = Dispatcher(beside("dispatcher", app))
    assert await dispatcher.online("comfyui") is False
    reports += [{"provider": "fal", "open_circuits": {}}]
    reports += [{"provider": "comfyui", "open_circuits": {"submit": 5.0}}]
    assert await dispatcher.online("comfyui") is False
    reports += [{"provider": "comfyui", "open_circuits": {"poll": 5.0}}]
    assert await dispatcher.online("comfyui") is True
