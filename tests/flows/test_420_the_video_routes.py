"""Seed 000 over the whole stack: text, image and reference flows, each to its end and its file."""

from typing import Any

from flow_tools import Customer, World, got, picture, until

PATH = "/api/v1/video"
FLOWS: dict[str, dict[str, Any]] = {
    "text": {"model": "wan-2.6", "quality": "720p", "aspectRatio": "9:16"},
    "image": {"model": "seedance-1.5", "mode": "image-to-video", "quality": "480p"},
    "reference": {"model": "doubao-seedance-2-0", "mode": "reference-to-video", "quality": "480p"},
}


async def ended(customer: Customer, uuid: str) -> dict[str, Any]:
    async def over() -> dict[str, Any] | None:
        found: dict[str, Any] = got(await customer.api.get(f"{PATH}/{uuid}/status"))["data"]
        return found if found["status"] in {"COMPLETED", "FAILED"} else None

    return await until(over, f"{uuid} completed or failed")


async def test_text_an_image_and_references_become_videos(world: World) -> None:
    customer, made = await world.customer("1000"), {}
    models = {
        each["id"]: each for each in got(await customer.api.get("/api/v1/config/models"))["data"]["models"]
    }
    assert models["doubao-seedance-1-5-pro"]["supportImageToVideo"] is True
    for name, fields in FLOWS.items():
        images = {} if name == "text" else {"imageUrls": [picture((9, 90, 9), (640, 640))]}
        body = {"prompt": f"a fox, from {name}", "duration": 5, **fields, **images}
        accepted = got(await customer.api.post(f"{PATH}/generate", json=body))["data"]
        assert (accepted["status"], accepted["creditsUsed"] > 0) == ("PENDING", True)
        made[accepted["videoUuid"]] = accepted["creditsUsed"]
    for uuid, cost in made.items():
        video = await ended(customer, uuid)
        assert (video["status"], video["creditsUsed"], video["progress"]) == ("COMPLETED", cost, 100), video
        file = await world.simulator.get(video["videoUrl"])
        assert (file.status_code, file.headers["content-type"]) == (200, "video/mp4")
    listed = got(await customer.api.get(f"{PATH}/list", params={"status": "COMPLETED", "limit": 2}))["data"]
    rest = got(
        await customer.api.get(f"{PATH}/list", params={"status": "COMPLETED", "cursor": listed["nextCursor"]})
    )
    assert {each["videoUuid"] for each in listed["videos"] + rest["data"]["videos"]} == made.keys()
    balance = await customer.credits()
    assert (round(balance["available"], 6), balance["held"]) == (round(1000 - sum(made.values()), 6), 0)


async def test_a_video_that_fails_costs_nothing_and_says_why(world: World) -> None:
    customer = await world.customer("100")
    body = {"prompt": "a fox [sim:fail]", "model": "seedance-1.5", "duration": 5}
    uuid = got(await customer.api.post(f"{PATH}/generate", json=body))["data"]["videoUuid"]
    video = await ended(customer, uuid)
    assert (video["status"], video["creditsUsed"], video["videoUrl"]) == ("FAILED", 0, None)
    assert isinstance(video["error"], str)
    assert (await customer.credits())["available"] == 100
