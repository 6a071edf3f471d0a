"""What storage knows of files: how long uploads are, and the frame that an extension begins with."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from gateway.app import make_app
from gateway.outbound.rate_store import RateStore
from gateway.parts.clients import Others
from gateway_tools import Customer, World
from operator_setting import TOKEN, beside
from PIL import Image
from runtime.internal import InternalRoutes
from runtime.outbox.recorder import Outbox
from stack.servers import Servers
from starlette.applications import Starlette
from storage.app import make_workshop
from storage.inbound.http.looks import Looks
from storage.settings import Settings as StorageSettings
from storage.usecases.look_into import LookInto
from surface_tools import PROVIDERS, asset, complete, conforms
from test_files import put
from test_keys import made
from upload_files import FORM_HEADERS, form, sound, store, video

from tests.storage.media_files import make_video

EXTEND = "/api/extend-video"
FOX = {"prompt": "a fox in the snow"}


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Twelve seconds."""
    return make_video(tmp_path_factory.mktemp("clips") / "a.mp4", seconds=12).read_bytes()


@pytest.fixture
async def world(
    make_world: Callable[..., Awaitable[World]], servers: Servers, tmp_path: Path
) -> AsyncIterator[World]:
    """A gateway with storage's workshop beside it."""
    made = await make_world(providers=PROVIDERS, **store(servers))
    settings: Any = {**store(servers), "environment": "dev", "database_dsn": "-", "kafka_bootstrap": "-"}
    workshop = make_workshop(StorageSettings(**settings, spool_directory=tmp_path, probe_processes=1))
    await workshop.start()
    app = Starlette(routes=Looks(LookInto(workshop, 2)).routes(InternalRoutes(TOKEN)))
    asked = beside("storage", app)
    made.app = with_storage(made, asked)
    yield made
    await asked.stop()
    await workshop.stop()


def with_storage(world: World, asked: Any) -> Any:
    others = Others(storage=asked)
    rates = RateStore("memory://")
    return make_app(world.settings, world.db, Outbox("gateway"), world.follow, world.objects, rates, others)


async def finished(world: World, servers: Servers, customer: Customer, clip: bytes, **changes: Any) -> str:
    """A video of the customer's that is there; its file's name."""
    job: str = (await customer.api.post("/api/generate", json=FOX)).json()["job_id"]
    key = f"results/gateway-test/{job}"
    await put(servers, key, clip)
    made = asset(job, bucket=servers.s3_bucket, object_key=key, **changes)
    await complete(world, customer, job, made)
    return made.file_name


async def test_the_last_frame_of_a_finished_video_is_an_input_image(
    world: World, servers: Servers, clip: bytes
) -> None:
    customer = await world.customer("1000")
    name = await finished(world, servers, customer, clip)
    for body in (
        {"video_filename": name, "generation_id": 1},
        {"video_filename": name},
        {"generation_id": 1},
    ):
        told = await conforms(world, "POST", EXTEND, await customer.api.post(EXTEND, json=body))
        assert (told["width"], told["height"], told["generation_id"]) == (160, 90, 1)
        assert told["job_id"] is None
    frame = await customer.api.get(f"/api/input-image/{told['filename']}")
    red, green, _ = Image.open(io.BytesIO(frame.content)).convert("RGB").getpixel((80, 45))  # type: ignore[misc]
    assert red > 200 > 60 > green
    begun = await customer.api.post("/api/generate", json={**FOX, "input_image": told["filename"]})
    assert begun.json()["model"] == "wan-i2v"


async def test_with_a_prompt_the_video_that_goes_on_is_queued_once(
    world: World, servers: Servers, clip: bytes
) -> None:
    customer = await world.customer("1000")
    name = await finished(world, servers, customer, clip)
    body = {"video_filename": name, "prompt": "it runs on", "frames": 41, "steps": 4}
    first, again = [
        await customer.api.post(EXTEND, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    told = await conforms(world, "POST", EXTEND, first)
    assert (told["model"], told["status"], told["credit_cost"]) == ("wan-i2v", "queued", 23)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    row = (await customer.api.get("/api/generations")).json()["generations"][0]
    assert row["job_id"] == told["job_id"]
    frame = await customer.api.get(row["parameters"]["input_image"].removeprefix("http://files.test"))
    assert frame.headers["content-type"] == "image/png"


async def test_what_cannot_be_extended_is_refused(world: World, servers: Servers, clip: bytes) -> None:
    customer, other = await world.customer("1000"), await world.customer("1000")
    name = await finished(world, servers, customer, clip)
    job = (await customer.api.post("/api/generate", json=FOX)).json()["job_id"]
    image = (await customer.api.post("/api/generate-image", json=FOX)).json()["job_ids"][0]
    await complete(world, customer, image, asset(image, "image"))
    broken = await finished(world, servers, customer, b"not a video at all")
    for asker, body, expected in (
        (customer, {}, (400, "required", "video_filename")),
        (customer, {"video_filename": 7}, (400, "required", "video_filename")),
        (customer, {"video_filename": "nothing.mp4"}, (404, "file_not_found", "video_filename")),
        (customer, {"generation_id": 99}, (404, "generation_not_found", "generation_id")),
        (customer, {"generation_id": "x"}, (404, "generation_not_found", "generation_id")),
        (customer, {"generation_id": 1, "video_filename": broken}, (404, "file_not_found", "video_filename")),
        (customer, {"generation_id": 2}, (400, "not_completed", "generation_id")),
        (customer, {"video_filename": f"{job}-0.mp4"}, (400, "not_completed", "video_filename")),
        (customer, {"generation_id": 3}, (400, "not_a_video", "generation_id")),
        (customer, {"video_filename": f"{image}-0.png"}, (400, "not_a_video", "video_filename")),
        (customer, {"video_filename": broken}, (400, "invalid_media", "video_filename")),
        (customer, {"video_filename": name, "input_image": "a.png"}, (400, "unknown_field", "input_image")),
        (customer, {"video_filename": name, "frames": 41}, (400, "required", "prompt")),
        (other, {"video_filename": name}, (404, "file_not_found", "video_filename")),
        (other, {"generation_id": 1}, (404, "generation_not_found", "generation_id")),
    ):
        answer = await asker.api.post(EXTEND, json=body)
        told = await conforms(world, "POST", EXTEND, answer)
        assert (answer.status_code, told["code"], told["param"]) == expected, body
    nobody = world.client(customer.key, with_storage(world, None))
    assert (await nobody.post(EXTEND, json={"video_filename": name})).status_code == 503


async def test_it_answers_what_every_submit_does(world: World, servers: Servers, clip: bytes) -> None:
    customer = await world.customer("40", tier="free")
    name = await finished(world, servers, customer, clip)
    slow = world.client((await made(customer, requests_per_minute=1))["key"])
    poor = world.client((await made(customer, spend_cap=1))["key"])
    reading = world.client((await made(customer, scopes=["read"]))["key"])
    goes_on = {"video_filename": name, "prompt": "on", "frames": 41, "steps": 4, "height": 480, "width": 480}
    keyed = {"Idempotency-Key": "once"}
    assert (await customer.api.post(EXTEND, json=goes_on, headers=keyed)).status_code == 200
    await slow.get("/api/credits")
    for api, body, expected in (
        (world.client(), goes_on, 401),
        (poor, goes_on, 402),
        (customer.api, {**goes_on, "frames": 300}, 403),
        (reading, {"video_filename": name}, 403),
        (customer.api, {**goes_on, "prompt": "another"}, 409),
        (customer.api, {"prompt": "x" * 1_100_000}, 413),
        (slow, {"video_filename": name}, 429),
    ):
        answer = await api.post(EXTEND, json=body, headers=keyed if expected == 409 else {})
        assert answer.status_code == expected, answer.text
        await conforms(world, "POST", EXTEND, answer)


async def test_an_upload_says_how_long_it_is_and_that_is_what_restyling_costs(
    world: World, clip: bytes
) -> None:
    customer = await world.customer("1000")

    async def upload(content: bytes, name: str) -> Any:
        path = "/api/v1/uploads"
        return await customer.api.post(path, content=form(content, name), headers=FORM_HEADERS)

    made = (await upload(clip, "a.mp4")).json()
    assert (made["duration"], made["width"], made["height"]) == (12, 160, 90)
    assert (await upload(sound(), "a.wav")).json()["duration"] == 1
    refused = await upload(video(), "a.mp4")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_media")
    for named in (made["id"], made["url"]):
        body = {"model": "v2v", "input": {"prompt": "as a watercolour", "video_url": named}}
        quoted = (await customer.api.post("/api/v1/tasks/estimate", json=body)).json()
        assert quoted["cost_estimate"] == 0.04, quoted
    job = await customer.api.post("/api/generate-v2v", json={**FOX, "video_filename": made["id"]})
    assert job.json()["credit_cost"] == 4
    shown = (await customer.api.get("/api/generations")).json()["generations"][0]
    assert shown["parameters"]["seconds"] == 12


async def test_a_video_is_not_taken_while_storage_cannot_look_into_it(world: World, clip: bytes) -> None:
    customer = await world.customer()
    away = world.client(customer.key, with_storage(world, beside("storage", Starlette())))
    unknown = world.client(customer.key, with_storage(world, None))
    sent: Any = {"content": form(clip, "a.mp4"), "headers": FORM_HEADERS}
    answer = await away.post("/api/v1/uploads", **sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unavailable")
    assert (await unknown.post("/api/v1/uploads", **sent)).json()["duration"] is None
