"""`/api`: jobs, the history and sharing, in the words of seed 003."""

import asyncio
from typing import Any

import pytest
from gateway_tools import Customer, World
from surface_tools import NOBODY, asset, complete, conforms, end, task_id

FOX = {"prompt": "a fox in the snow"}
ERRORS: list[tuple[dict[str, Any], int, str, str | None]] = [
    ({}, 400, "required", "prompt"),
    ({"prompt": "x" * 2001}, 400, "too_long", "prompt"),
    ({**FOX, "frames": 0}, 400, "out_of_range", "frames"),
    ({**FOX, "project_id": 1}, 400, "projects_unsupported", "project_id"),
    ({**FOX, "nonsense": 1}, 400, "unknown_parameter", "nonsense"),
    ({**FOX, "model": "sd15"}, 400, "unsupported_model", "model"),
    ({**FOX, "model": "no-such-model"}, 404, "model_not_found", "model"),
    ({**FOX, "input_image": "nothing.png"}, 404, "file_not_found", "input_image"),
    ({**FOX, "model": "wan-flf", "input_image": "data:image/png;base64,AAAA"}, 400, "required", "end_image"),
]


@pytest.fixture
def world(surface_world: World) -> World:
    return surface_world


async def generate(customer: Customer, path: str = "/api/generate", **fields: Any) -> dict[str, Any]:
    answer = await customer.api.post(path, json=FOX | fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def completed(world: World, customer: Customer, **fields: Any) -> str:
    job: str = (await generate(customer, **fields))["job_id"]
    await complete(world, customer, job, asset(job))
    return job


async def status(world: World, customer: Customer, job: str) -> dict[str, Any]:
    answer = await customer.api.get("/api/status", params={"job_id": job})
    return await conforms(world, "GET", "/api/status", answer)


async def test_a_job_is_queued_polled_and_has_a_number(world: World) -> None:
    customer = await world.customer("1000")
    answer = await customer.api.post("/api/generate", json={**FOX, "frames": 41, "steps": 4})
    job = await conforms(world, "POST", "/api/generate", answer)
    assert (job["status"], job["model"], job["credit_cost"]) == ("queued", "wan-t2v", 21)
    shown = await status(world, customer, job["job_id"])
    assert (shown["status"], shown["progress"], shown["generation_id"]) == ("queued", 0, 1)
    assert shown["queue_position"] == 1
    await complete(world, customer, job["job_id"], asset(job["job_id"]), 21_000_000)
    shown = await status(world, customer, job["job_id"])
    assert (shown["status"], shown["progress"], shown["credits_charged"]) == ("completed", 100, 21)
    assert shown["filename"] == f"{job['job_id']}-0.mp4"
    assert shown["url"] == f"http://files.test/api/video/{shown['filename']}"
    assert shown["outputs"][0]["duration"] == 3.375


@pytest.mark.parametrize(("body", "code", "word", "param"), ERRORS)
async def test_faults_are_named_in_this_surfaces_words(
    world: World, body: dict[str, Any], code: int, word: str, param: str | None
) -> None:
    customer = await world.customer("1000")
    answer = await customer.api.post("/api/generate", json=body)
    told = await conforms(world, "POST", "/api/generate", answer)
    assert (answer.status_code, told["code"], told.get("param")) == (code, word, param)
    assert isinstance(told["error"], str)


async def test_too_little_credit_or_tier_says_what_would_do(world: World) -> None:
    poor, free = await world.customer("5"), await world.customer("1000", tier="free")
    answer = await poor.api.post("/api/generate", json={**FOX, "frames": 41, "steps": 4})
    told = await conforms(world, "POST", "/api/generate", answer)
    assert (answer.status_code, told["required"], told["balance"]) == (402, 21, 5)
    for fields, tier in (({"frames": 82}, "starter"), ({"width": 1920, "height": 1080}, "starter")):
        answer = await free.api.post("/api/generate", json=FOX | fields)
        told = await conforms(world, "POST", "/api/generate", answer)
        assert (answer.status_code, told["required_tier"]) == (403, tier)


async def test_an_idempotency_key_gives_the_same_bytes_and_makes_one_job(world: World) -> None:
    customer = await world.customer("1000")
    headers = {"Idempotency-Key": "one"}
    first = await customer.api.post("/api/generate", json=FOX, headers=headers)
    again = await customer.api.post("/api/generate", json=FOX, headers=headers)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    other = await customer.api.post("/api/generate", json={"prompt": "b"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_an_image_makes_the_model_one_that_begins_with_it(world: World) -> None:
    customer = await world.customer("1000")
    job = await generate(customer, input_image="data:image/png;base64,AAAA")
    assert job["model"] == "wan-i2v"
    [row] = (await customer.api.get("/api/generations")).json()["generations"]
    assert row["parameters"]["input_image"] == "data:image/png;base64"
    image = (await generate(customer, "/api/generate-image"))["job_ids"][0]
    made = asset(image, "image")
    await complete(world, customer, image, made)
    job = await generate(customer, input_image=made.file_name)
    [row, *_] = (await customer.api.get("/api/generations")).json()["generations"]
    assert row["parameters"]["input_image"] == f"http://files.test/files/{made.token}/{made.file_name}"


async def test_several_images_are_made_all_or_none_with_their_own_seeds(world: World) -> None:
    customer = await world.customer("10")
    answer = await customer.api.post("/api/generate-image", json={**FOX, "n": 3, "seed": 7})
    made = await conforms(world, "POST", "/api/generate-image", answer)
    assert (len(made["job_ids"]), made["credit_cost"], made["model"]) == (3, 6, "sd15")
    page = (await customer.api.get("/api/image-generations")).json()["generations"]
    assert [(row["id"], row["parameters"]["seed"]) for row in page] == [(3, 9), (2, 8), (1, 7)]
    answer = await customer.api.post("/api/generate-image", json={**FOX, "n": 3})
    assert answer.status_code == 402
    for wrong in (0, 11, "2", True):
        answer = await customer.api.post("/api/generate-image", json={**FOX, "n": wrong})
        assert (answer.status_code, answer.json()["param"]) == (400, "n")
    assert len((await customer.api.get("/api/image-generations")).json()["generations"]) == 3
    assert (await customer.api.get("/api/generations")).json()["generations"] == []


@pytest.mark.parametrize(("milliseconds", "cost"), [(3375, 3), (10_000, 3), (10_001, 4), (59_000, 18)])
async def test_restyling_costs_by_the_length_of_the_video(world: World, milliseconds: int, cost: int) -> None:
    customer = await world.customer("1000")
    job = (await generate(customer))["job_id"]
    made = asset(job, duration_ms=milliseconds)
    await complete(world, customer, job, made)
    body = {"video_filename": made.file_name, "prompt": "as a watercolour", "strength": 0.6}
    answer = await customer.api.post("/api/generate-v2v", json=body)
    told = await conforms(world, "POST", "/api/generate-v2v", answer)
    assert (told["model"], told["credit_cost"]) == ("v2v", cost)


async def test_restyling_needs_a_video(world: World) -> None:
    customer = await world.customer("1000")
    for body, code in (({"prompt": "x"}, 400), ({"prompt": "x", "video_filename": "no.mp4"}, 404)):
        answer = await customer.api.post("/api/generate-v2v", json=body)
        told = await conforms(world, "POST", "/api/generate-v2v", answer)
        assert (answer.status_code, told["param"]) == (code, "video_filename")


async def test_cancel(world: World) -> None:
    customer = await world.customer("1000")
    job = (await generate(customer))["job_id"]
    for _ in range(2):
        answer = await customer.api.post("/api/cancel", json={"job_id": job})
        assert (await conforms(world, "POST", "/api/cancel", answer))["cancel_requested"] is True
    await end(world, customer, job, "cancelled")
    answer = await customer.api.post("/api/cancel", json={"job_id": job})
    shown = await conforms(world, "POST", "/api/cancel", answer)
    assert (answer.status_code, shown["status"], shown["cancelled"]) == (200, "error", True)
    done = await completed(world, customer)
    answer = await customer.api.post("/api/cancel", json={"job_id": done})
    told = await conforms(world, "POST", "/api/cancel", answer)
    assert (answer.status_code, told["code"], told["job"]["status"]) == (400, "job_final", "completed")
    for body, code in (({"job_id": NOBODY}, 404), ({}, 400), ({"job_id": 7}, 400)):
        assert (await customer.api.post("/api/cancel", json=body)).status_code == code


async def test_a_failed_job_says_why(world: World) -> None:
    customer = await world.customer("1000")
    job = (await generate(customer))["job_id"]
    await end(world, customer, job, "provider_failed")
    shown = await status(world, customer, job)
    assert (shown["status"], shown["cancelled"], shown["error_code"]) == ("error", False, "provider_failed")
    assert "provider" in shown["error"]


async def test_the_queue_is_of_the_accounts_own_jobs(world: World) -> None:
    customer = await world.customer("1000")
    empty = await conforms(world, "GET", "/api/queue", await customer.api.get("/api/queue"))
    assert empty == {"queue_length": 0, "position": None, "active_jobs": []}
    first, second = [(await generate(customer))["job_id"] for _ in range(2)]
    queue = await conforms(world, "GET", "/api/queue", await customer.api.get("/api/queue"))
    assert (queue["queue_length"], queue["position"]) == (2, 1)
    assert [(each["job_id"], each["position"]) for each in queue["active_jobs"]] == [(second, 2), (first, 1)]


async def test_the_history_goes_by_limit_and_offset(world: World) -> None:
    customer = await world.customer("10000")
    for _ in range(3):
        await generate(customer)
    answer = await customer.api.get("/api/generations", params={"limit": 2})
    page = await conforms(world, "GET", "/api/generations", answer)
    assert ([row["id"] for row in page["generations"]], page["has_more"]) == ([3, 2], True)
    rest = (await customer.api.get("/api/generations", params={"limit": 2, "offset": 2})).json()
    assert ([row["id"] for row in rest["generations"]], rest["has_more"]) == ([1], False)
    assert (await customer.api.get("/api/generations", params={"limit": 200})).status_code == 200
    for params in ({"limit": 201}, {"limit": 0}, {"offset": -1}, {"page": 1}):
        wrong = await customer.api.get("/api/generations", params=params)
        assert wrong.status_code == 400
        assert (await conforms(world, "GET", "/api/generations", wrong))["param"] == next(iter(params))


async def test_numbers_have_no_gaps_however_many_come_at_once(world: World) -> None:
    customer, other = await world.customer("10000"), await world.customer("10000")
    await asyncio.gather(*(generate(each) for each in (customer, other) for _ in range(12)))
    for each in (customer, other):
        page = (await each.api.get("/api/generations")).json()["generations"]
        assert [row["id"] for row in page] == list(range(12, 0, -1))


async def test_a_deleted_generation_is_gone_with_its_share(world: World) -> None:
    customer = await world.customer("1000")
    running = (await generate(customer))["job_id"]
    answer = await customer.api.delete("/api/generations/1")
    told = await conforms(world, "DELETE", "/api/generations/{id}", answer)
    assert (answer.status_code, told["code"]) == (400, "generation_running")
    await complete(world, customer, running, asset(running))
    token = (await customer.api.post("/api/generations/1/share")).json()["share_token"]
    assert (await customer.api.delete("/api/image-generations/1")).status_code == 404
    answer = await customer.api.delete("/api/generations/1")
    assert await conforms(world, "DELETE", "/api/generations/{id}", answer) == {"id": 1, "deleted": True}
    assert (await customer.api.delete("/api/generations/1")).status_code == 404
    assert (await customer.api.get("/api/generations")).json()["generations"] == []
    assert (await world.client().get(f"/api/share/{token}")).status_code == 404


async def test_favourites_and_the_gallery_are_switched(world: World) -> None:
    customer, stranger = await world.customer("1000"), world.client()
    job = await completed(world, customer)
    path = "/api/generations/{id}"
    for now in (True, False):
        answer = await customer.api.post("/api/generations/1/favorite")
        assert await conforms(world, "POST", f"{path}/favorite", answer) == {"id": 1, "is_favorite": now}
    for now in (True, False):
        answer = await customer.api.post("/api/generations/1/public")
        assert await conforms(world, "POST", f"{path}/public", answer) == {"id": 1, "is_public": now}
        answer = await stranger.get("/api/gallery/community")
        gallery = await conforms(world, "GET", "/api/gallery/community", answer)
        assert (f"{job}-0.mp4" in [each["filename"] for each in gallery["generations"]]) is now
    assert (await stranger.get("/api/gallery/community", params={"limit": 201})).status_code == 400


async def test_a_share_opens_what_was_shared_without_a_key(world: World) -> None:
    customer, stranger = await world.customer("1000"), world.client()
    job = await completed(world, customer)
    answer = await customer.api.post("/api/generations/1/share")
    made = await conforms(world, "POST", "/api/generations/{id}/share", answer)
    assert (await customer.api.post("/api/generations/1/share")).json() == made
    answer = await stranger.get(made["share_url"].removeprefix("http://files.test"))
    shared = await conforms(world, "GET", "/api/share/{token}", answer)
    assert shared["url"] == f"http://files.test/api/video/{job}-0.mp4?token={made['share_token']}"
    assert shared["prompt"] == FOX["prompt"]
    assert "id" not in shared
    assert (await stranger.get("/api/share/nothing")).status_code == 404


async def test_only_what_is_completed_can_be_shown(world: World) -> None:
    customer = await world.customer("1000")
    await generate(customer)
    for action in ("share", "public"):
        answer = await customer.api.post(f"/api/generations/1/{action}")
        told = await conforms(world, "POST", f"/api/generations/{{id}}/{action}", answer)
        assert (answer.status_code, told["code"]) == (400, "not_completed")


@pytest.mark.parametrize("number", ["2", "0", "-1", "x", "99999999999999999999", "１"])
async def test_what_is_no_generation_of_the_account_is_404(world: World, number: str) -> None:
    customer, other = await world.customer("1000"), await world.customer("1000")
    await completed(world, customer)
    for method, path in (
        ("DELETE", ""),
        ("POST", "/favorite"),
        ("POST", "/share"),
        ("POST", "/public"),
    ):
        answer = await customer.api.request(method, f"/api/generations/{number}{path}")
        told = await conforms(world, method, f"/api/generations/{{id}}{path}", answer)
        assert (answer.status_code, told["code"]) == (404, "generation_not_found")
        strange = await other.api.request(method, f"/api/generations/1{path}")
        assert strange.status_code == 404


async def test_another_accounts_job_is_like_none(world: World) -> None:
    customer, other = await world.customer("1000"), await world.customer("1000")
    job = await completed(world, customer)
    for each in (job, NOBODY, "nonsense", "a\0b"):
        answer = await other.api.get("/api/status", params={"job_id": each})
        assert answer.status_code in {400, 404}, each
        assert (await other.api.post("/api/cancel", json={"job_id": each})).status_code == 404
    assert (await other.api.get("/api/status")).status_code == 400
    answer = await other.api.post("/api/generate", json={**FOX, "input_image": f"{job}-0.mp4"})
    assert answer.status_code == 404
    assert task_id(job)


async def test_the_frameworks_own_errors_have_this_shape_too(world: World) -> None:
    customer = await world.customer()
    for method, path, code in (("GET", "/api/nothing", 404), ("PUT", "/api/generate", 405)):
        answer = await customer.api.request(method, path)
        assert (answer.status_code, isinstance(answer.json()["error"], str)) == (code, True)
    assert isinstance((await customer.api.get("/api/v1/nothing")).json()["error"], dict)
    keyless = await world.client().post("/api/generate", json=FOX)
    assert (keyless.status_code, keyless.json()["code"]) == (401, "missing_api_key")
    broken = await customer.api.post("/api/generate", content=b"{")
    assert (broken.status_code, broken.json()["code"]) == (400, "invalid_json")
    large = await customer.api.post("/api/generate", content=b"x" * 2_000_000)
    assert large.status_code == 413
