"""Seed 003 over the whole stack: submit, poll, download, keep, show, delete, and the account beside it."""

from base64 import b64decode
from typing import Any

import httpx
import pytest
from flow_tools import Customer, World, got, picture, until

FOX = {"prompt": "a fox in the snow", "frames": 41, "steps": 4, "width": 832, "height": 480}


async def job(customer: Customer, path: str = "generate", **fields: Any) -> dict[str, Any]:
    """A job that is completed."""
    submitted = got(await customer.api.post(f"/api/{path}", json=fields))
    wanted = {"job_id": submitted["job_id"] if "job_id" in submitted else submitted["job_ids"][0]}

    async def over() -> dict[str, Any] | None:
        found: dict[str, Any] = got(await customer.api.get("/api/status", params=wanted))
        return found if found["status"] in {"completed", "error"} else None

    found = await until(over, f"{wanted} over")
    assert (found["status"], found["credits_charged"]) == ("completed", submitted["credit_cost"]), found
    return found


async def upload(customer: Customer, color: tuple[int, int, int]) -> dict[str, Any]:
    content = b64decode(picture(color, (832, 480)).partition(",")[2])
    files = {"image": ("fox.png", content, "image/png")}
    return got(await customer.api.post("/api/upload-image", files=files))


@pytest.fixture
async def anybody(world: World) -> httpx.AsyncClient:
    """Somebody without a key."""
    made = world.client("")
    del made.headers["authorization"]
    return made


async def test_a_video_is_submitted_downloaded_shown_and_deleted(
    world: World, anybody: httpx.AsyncClient
) -> None:
    customer = await world.customer("100")
    quote = got(await customer.api.get("/api/generation-cost", params={"frames": 41, "steps": 4}))
    video = await job(customer, **FOX)
    assert (video["credits_charged"], quote["cost"], video["generation_id"]) == (21, 21, 1)
    path = f"/api/video/{video['filename']}"
    whole = await customer.api.get(path)
    assert (whole.status_code, len(whole.content)) == (200, video["outputs"][0]["size_bytes"])
    part = await customer.api.get(path, headers={"Range": "bytes=4-11"})
    assert (part.status_code, part.content) == (206, whole.content[4:12])
    assert (await anybody.get(path)).status_code == 401
    one = "/api/generations/1"
    assert got(await customer.api.post(f"{one}/favorite"))["is_favorite"] is True
    shared = got(await customer.api.post(f"{one}/share"))
    told = got(await anybody.get(f"/api/share/{shared['share_token']}"))
    assert (await anybody.get(told["url"])).content == whole.content
    assert got(await customer.api.post(f"{one}/public"))["is_public"] is True
    gallery = got(await anybody.get("/api/gallery/community"))["generations"]
    assert video["filename"] in [each["filename"] for each in gallery]
    assert (await anybody.get(path)).status_code == 200
    [row] = got(await customer.api.get("/api/generations"))["generations"]
    assert (row["id"], row["is_favorite"], row["is_public"], row["prompt"]) == (1, True, True, FOX["prompt"])
    assert got(await customer.api.delete(one)) == {"id": 1, "deleted": True}
    for gone in (path, told["url"], f"/api/share/{shared['share_token']}"):
        assert (await anybody.get(gone)).status_code in {401, 404}
    assert got(await customer.api.get("/api/generations"))["generations"] == []
    assert got(await customer.api.get("/api/credits"))["balance"] == 79


async def test_images_are_made_and_brought_and_become_videos(world: World) -> None:
    customer = await world.customer("1000")
    image = await job(customer, "generate-image", prompt="a fox", model="flux")
    shown = await customer.api.get(f"/api/image/{image['filename']}")
    assert (shown.status_code, shown.headers["content-type"][:6]) == (200, "image/")
    brought = await upload(customer, (200, 30, 30))
    opened = await customer.api.get(f"/api/input-image/{brought['filename']}")
    assert (opened.status_code, len(opened.content)) == (200, brought["size_bytes"])
    moving = await job(customer, prompt="it runs", input_image=brought["filename"], frames=41, steps=4)
    assert moving["model"] == "wan-i2v"
    between = {
        "input_image": brought["filename"],
        "end_image": (await upload(customer, (9, 9, 200)))["filename"],
    }
    both = await job(customer, prompt="from red to blue", model="wan-flf", frames=41, steps=4, **between)
    assert both["outputs"][0]["kind"] == "video"
    restyled = await job(
        customer, "generate-v2v", video_filename=moving["filename"], prompt="a watercolour", strength=0.6
    )
    assert (restyled["model"], restyled["credits_charged"]) == ("v2v", 3)
    [row] = got(await customer.api.get("/api/image-generations"))["generations"]
    assert got(await customer.api.delete(f"/api/image-generations/{row['id']}"))["deleted"] is True
    assert (await customer.api.get(f"/api/image/{image['filename']}")).status_code == 404


async def test_a_job_that_waits_is_in_the_queue_until_it_is_cancelled(world: World) -> None:
    customer = await world.customer("100")
    waiting = got(await customer.api.post("/api/generate", json={**FOX, "prompt": "later [sim:delay=240]"}))
    queue = got(await customer.api.get("/api/queue"))
    assert [each["job_id"] for each in queue["active_jobs"]] == [waiting["job_id"]]
    stopped = got(await customer.api.post("/api/cancel", json={"job_id": waiting["job_id"]}))
    assert stopped["cancel_requested"] is True

    async def given_back() -> bool:
        found = got(await customer.api.get("/api/credits"))
        return (found["balance"], found["held"]) == (100, 0)

    await until(given_back, "the credits are back")
    found = got(await customer.api.get("/api/status", params={"job_id": waiting["job_id"]}))
    assert (found["status"], found["cancelled"], found["credits_charged"]) == ("error", True, 0)


async def test_an_account_sees_its_key_credits_figures_and_what_there_is(
    world: World, anybody: httpx.AsyncClient
) -> None:
    customer = await world.customer("100")
    await job(customer, **FOX)
    checked = got(await customer.api.get("/api/auth/check"))
    assert (checked["authenticated"], checked["tier"], checked["credits"]) == (True, "studio", 79)
    made = got(await customer.api.post("/api/keys", json={"name": "My App"}))
    assert got(await world.client(made["key"]).get("/api/credits"))["balance"] == 79
    assert made["id"] in [each["id"] for each in got(await customer.api.get("/api/keys"))["keys"]]
    assert got(await customer.api.delete(f"/api/keys/{made['id']}"))["revoked"] is True
    moved = got(await customer.api.get("/api/credits/history"))["transactions"]
    assert [each["type"] for each in moved] == ["settle", "freeze", "grant"]
    [today] = got(await customer.api.get("/api/analytics/usage"))["days"]
    assert (today["generations"], today["credits_spent"]) == (1, 21)
    assert got(await customer.api.get("/api/analytics/summary"))["favourite_model"] == "wan-t2v"
    assert got(await customer.api.get("/api/comfyui/status")) == {"online": True}
    assert "wan-t2v" in [each["id"] for each in got(await customer.api.get("/api/models"))["models"]]
    assert "flux" in [each["id"] for each in got(await customer.api.get("/api/image-models"))["models"]]
    assert got(await anybody.get("/api/pricing"))["tiers"][0]["tier"] == "free"
