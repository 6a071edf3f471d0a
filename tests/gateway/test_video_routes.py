"""`/api/v1/video…` and `/api/v1/config/models`, in the words of seed 000."""

from typing import Any

import pytest
from gateway.domain.facts import Completed
from gateway_tools import Customer, World, now
from surface_tools import NOBODY, asset, complete, conforms, end, task_id

GENERATE, LIST, STATUS = "/api/v1/video/generate", "/api/v1/video/list", "/api/v1/video/{uuid}/status"
FOX = {"prompt": "a fox in the snow", "model": "seedance-1.5", "duration": 5}


@pytest.fixture
def world(surface_world: World) -> World:
    return surface_world


async def generate(world: World, customer: Customer, **fields: Any) -> dict[str, Any]:
    answer = await customer.api.post(GENERATE, json=FOX | fields)
    return (await conforms(world, "POST", GENERATE, answer))["data"]


async def status(world: World, customer: Customer, uuid: str) -> dict[str, Any]:
    answer = await customer.api.get(f"/api/v1/video/{uuid}/status")
    return (await conforms(world, "GET", STATUS, answer))["data"]


async def test_a_video_goes_through_its_statuses(world: World) -> None:
    customer = await world.customer("100")
    made = await generate(world, customer, aspectRatio="16:9", quality="720P", generateAudio=True)
    assert (made["status"], made["provider"], made["estimatedTime"]) == ("PENDING", "ark", 90)
    assert (made["creditsUsed"], made["videoUuid"]) == (2.84, made["taskId"])
    uuid = made["videoUuid"]
    assert (await status(world, customer, uuid))["status"] == "PENDING"
    await world.say([Completed(task_id(uuid), now(), "succeeded", None, None)])
    assert (await status(world, customer, uuid))["status"] == "UPLOADING"
    await complete(world, customer, uuid, asset(uuid))
    done = await status(world, customer, uuid)
    assert (done["status"], done["progress"]) == ("COMPLETED", 100)
    assert done["videoUrl"] == f"http://files.test/files/tok-{uuid}/{uuid}-0.mp4"


@pytest.mark.parametrize(
    ("fields", "slug", "given"),
    [
        ({"model": "sora-2", "duration": 4, "aspectRatio": "16:9"}, "sora-2", {"size": "1280x720"}),
        ({"model": "veo-3.1", "duration": 8, "quality": "4k"}, "veo3-1-quality", {"resolution": "4k"}),
        ({"model": "wan-2.6", "aspectRatio": "9:16"}, "wan2-6-t2v", {"aspect_ratio": "9:16"}),
        ({"model": "wan-2.6", "imageUrl": "https://a.test/1.png", "mode": "image-to-video"},
         "wan2-6-i2v", {"image_urls": ["https://a.test/1.png"]}),
        ({"imageUrls": ["https://a.test/1.png", "https://a.test/2.png"]}, "doubao-seedance-1-5-pro",
         {"image_with_roles": [{"url": "https://a.test/1.png", "role": "first_frame"},
                               {"url": "https://a.test/2.png", "role": "last_frame"}]}),
        ({"model": "doubao-seedance-2-0", "imageUrl": "https://a.test/1.png", "mode": "reference-to-video"},
         "doubao-seedance-2-0",
         {"image_with_roles": [{"url": "https://a.test/1.png", "role": "reference_image"}]}),
    ],
)  # fmt: skip
async def test_text_images_and_references_reach_the_models(
    world: World, fields: dict[str, Any], slug: str, given: dict[str, Any]
) -> None:
    customer = await world.customer("1000")
    uuid = (await generate(world, customer, **fields))["videoUuid"]
    row = await world.db.pool.fetchrow("SELECT model, input FROM tasks WHERE id = $1", task_id(uuid))
    assert row["model"] == slug
    assert row["input"] | given == row["input"]


async def test_several_outputs_are_made_all_or_none(world: World) -> None:
    customer = await world.customer("3")
    made = await generate(world, customer, outputNumber=3, quality="480p")
    assert (len(made["videoUuids"]), made["creditsUsed"]) == (3, 1.9875)
    answer = await customer.api.post(GENERATE, json={**FOX, "outputNumber": 3, "quality": "480p"})
    assert answer.status_code == 402
    details = (await conforms(world, "POST", GENERATE, answer))["error"]["details"]
    assert (details["required"], details["balance"]) == (1.9875, 1.0125)


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"prompt": ""}, 400, "prompt"),
        ({"model": None}, 400, "model"),
        ({"model": "none"}, 404, "model"),
        ({"model": "sd15"}, 400, "model"),
        ({"duration": 99}, 400, "duration"),
        ({"quality": "8k"}, 400, "quality"),
        ({"aspectRatio": "1:9"}, 400, "aspectRatio"),
        ({"mode": "dance"}, 400, "mode"),
        ({"mode": {}}, 400, "mode"),
        ({"imageUrls": False}, 400, "imageUrls"),
        ({"mode": "image-to-video"}, 400, "mode"),
        ({"outputNumber": 5}, 400, "outputNumber"),
        ({"colour": "red"}, 400, "colour"),
    ],
)
async def test_faults_are_named_in_this_surfaces_words(
    world: World, fields: dict[str, Any], code: int, param: str
) -> None:
    customer = await world.customer("1000")
    answer = await customer.api.post(GENERATE, json=FOX | fields)
    told = await conforms(world, "POST", GENERATE, answer)
    assert (answer.status_code, told["error"]["details"]["param"]) == (code, param)


async def test_the_list_goes_by_cursor_and_status(world: World) -> None:
    customer = await world.customer("1000")
    made = [(await generate(world, customer))["videoUuid"] for _ in range(3)]
    await end(world, customer, made[0], "provider_failed")
    first = await conforms(world, "GET", LIST, await customer.api.get(LIST, params={"limit": 2}))
    rest = await customer.api.get(LIST, params={"limit": 2, "cursor": first["data"]["nextCursor"]})
    seen = [each["videoUuid"] for each in [*first["data"]["videos"], *rest.json()["data"]["videos"]]]
    assert sorted(seen) == sorted(made)
    assert rest.json()["data"]["nextCursor"] is None
    failed = (await customer.api.get(LIST, params={"status": "FAILED"})).json()["data"]["videos"]
    assert [each["videoUuid"] for each in failed] == [made[0]]
    for params in ({"limit": 101}, {"status": "DONE"}, {"cursor": "x"}):
        wrong = await customer.api.get(LIST, params=params)
        assert wrong.status_code == 400
        await conforms(world, "GET", LIST, wrong)


async def test_another_accounts_video_is_like_none(world: World) -> None:
    customer, other = await world.customer("1000"), await world.customer()
    uuid = (await generate(world, customer))["videoUuid"]
    for each in (uuid, NOBODY, "x"):
        answer = await other.api.get(f"/api/v1/video/{each}/status")
        assert answer.status_code == 404
        await conforms(world, "GET", STATUS, answer)
    assert (await other.api.get(LIST)).json()["data"]["videos"] == []


async def test_the_models_are_configured_for_its_forms(world: World) -> None:
    customer = await world.customer()
    path = "/api/v1/config/models"
    told = await conforms(world, "GET", path, await customer.api.get(path))
    models = {each["id"]: each for each in told["data"]["models"]}
    assert models["sora-2"]["durations"] == [4, 8, 12]
    assert models["veo3-1-quality"]["qualities"] == ["720p", "1080p", "4k"]
    for wrong in (await world.client().get(path), await world.client().get("/api/v1/video/list")):
        assert (wrong.status_code, wrong.json()["success"]) == (401, False)
