"""What the gateway asks about a file: what it is, and its last frame."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from PIL import Image
from runtime.internal import InternalRoutes
from starlette.applications import Starlette
from storage.inbound.http.looks import Looks
from storage.outbound.objects import ObjectStore
from storage.usecases.look_into import LookInto

from tests.storage.storage_tools import Storage

Put = Callable[[str, bytes], Awaitable[None]]


@pytest.fixture
async def asked(storage: Storage) -> AsyncIterator[httpx.AsyncClient]:
    await storage.start()
    assert storage.workshop is not None
    app = Starlette(routes=Looks(LookInto(storage.workshop, 1)).routes(InternalRoutes("token")))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://storage.test/internal",
        headers={"Authorization": "Bearer token"},
    ) as client:
        yield client


@pytest.fixture
def put(store: ObjectStore) -> Put:
    async def write(key: str, content: bytes) -> None:
        async with store.upload(key, "application/octet-stream") as upload:
            await upload.part(content)
            await upload.complete()

    return write


def code(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_video_tells_how_long_it_is_and_gives_its_last_frame(
    asked: httpx.AsyncClient, put: Put, small_video: bytes
) -> None:
    await put("uploads/look/video", small_video)
    found = (await asked.post("/looks", json={"key": "uploads/look/video"})).json()
    assert (found["kind"], found["width"], found["height"], found["duration_ms"]) == ("video", 160, 90, 2000)
    frame = await asked.post("/last-frames", json={"key": "uploads/look/video"})
    assert frame.headers["content-type"] == "image/png"
    red, green, blue = Image.open(io.BytesIO(frame.content)).convert("RGB").getpixel((80, 45))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 60


async def test_what_is_no_video_or_not_there_or_not_ours_is_refused(
    asked: httpx.AsyncClient, put: Put, storage: Storage
) -> None:
    await put("uploads/look/junk", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(4000))
    await put("inbox/look/other", b"of others")
    for path in ("/looks", "/last-frames"):
        assert code(await asked.post(path, json={"key": "uploads/look/junk"})) == (422, "unreadable")
        for key in ("uploads/look/nothing", "inbox/look/other", ""):
            assert code(await asked.post(path, json={"key": key})) == (404, "object_not_found")
        for body in (b"", b"[]", b'{"key": 1}'):
            assert code(await asked.post(path, content=body)) == (422, "required")
        stranger = await asked.post(path, json={"key": "x"}, headers={"Authorization": "Bearer other"})
        assert stranger.status_code == 401
    assert not list(storage.spool.iterdir())
