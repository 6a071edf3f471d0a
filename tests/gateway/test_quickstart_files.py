"""`/api`: images that are brought, and results under their names: owner, share, gallery, Range."""

import io
from typing import Any

import pytest
from gateway_tools import Customer, World
from PIL import Image
from stack.servers import Servers
from surface_tools import asset, complete, conforms
from test_files import CONTENT, SHA, put

FOX = {"prompt": "a fox in the snow"}


@pytest.fixture
def world(surface_world: World) -> World:
    return surface_world


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(out, "PNG")
    return out.getvalue()


async def upload(world: World, customer: Customer, content: bytes) -> Any:
    answer = await customer.api.post("/api/upload-image", files={"image": ("fox.png", content, "image/png")})
    return await conforms(world, "POST", "/api/upload-image", answer)


async def test_an_image_that_was_brought_begins_a_video(world: World) -> None:
    customer, other = await world.customer("1000"), await world.customer("1000")
    image = await upload(world, customer, picture())
    assert (image["width"], image["height"], image["content_type"]) == (64, 48, "image/png")
    path = image["url"].removeprefix("http://files.test")
    assert (await customer.api.get(path)).content == picture()
    assert (await other.api.get(path)).status_code == 404
    assert (await world.client().get(path)).status_code == 401
    body = {**FOX, "input_image": image["filename"]}
    answer = await customer.api.post("/api/generate", json=body)
    assert (answer.status_code, answer.json()["model"]) == (200, "wan-i2v"), answer.text
    assert (await other.api.post("/api/generate", json=body)).status_code in {400, 404}


async def test_what_is_no_image_is_refused(world: World) -> None:
    customer = await world.customer()
    told = await upload(world, customer, b"%PDF-1.7 not an image at all")
    assert told["code"] == "unsupported_media_type"
    assert (await customer.api.post("/api/upload-image", json={})).status_code == 400
    large = await customer.api.post("/api/upload-image", content=b"x", headers={"Content-Length": "99999999"})
    assert large.status_code in {400, 413}
    assert (await customer.api.get("/api/input-image/nothing.png")).status_code == 404


async def test_a_result_opens_for_its_owner_by_a_share_and_while_it_is_public(
    world: World, servers: Servers
) -> None:
    customer, other = await world.customer("1000"), await world.customer()
    stranger = world.client()
    job = (await customer.api.post("/api/generate", json=FOX)).json()["job_id"]
    key = f"gateway-test/{job}"
    await put(servers, key, CONTENT)
    made = asset(job, bucket=servers.s3_bucket, object_key=key, size_bytes=len(CONTENT), sha256=SHA)
    await complete(world, customer, job, made)
    path = f"/api/video/{made.file_name}"
    whole = await customer.api.get(path)
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["cache-control"] == "private, no-cache"
    part = await customer.api.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, CONTENT[10:20])
    past = await customer.api.get(path, headers={"Range": "bytes=900000-"})
    assert (past.status_code, past.json()["code"]) == (416, "range_not_satisfiable")
    assert (await customer.api.head(path)).headers["content-length"] == str(len(CONTENT))
    assert (await customer.api.get(f"/api/image/{made.file_name}")).status_code == 404
    assert (await other.api.get(path)).status_code == 404
    assert (await stranger.get(path)).status_code == 401
    token = (await customer.api.post("/api/generations/1/share")).json()["share_token"]
    assert (await stranger.get(path, params={"token": token})).content == CONTENT
    for wrong in ("x", "", "a\0b"):
        assert (await stranger.get(path, params={"token": wrong})).status_code == 404
    for status in (200, 401):
        await customer.api.post("/api/generations/1/public")
        assert (await stranger.get(path)).status_code == status
