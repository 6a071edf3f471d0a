"""Videos made of videos of the account's - remixed, restyled, gone on with - and what each is refused for."""

from typing import Any

import httpx
from flow_tools import World, got, until

FOX = {
    "prompt": "a fox in the snow",
    "model": "doubao-seedance-2-0-fast",
    "resolution": "480p",
    "duration": 4,
}


def about(video: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A right body for each operation that makes something of a video."""
    named = {"video_filename": video["filename"]}
    return {
        f"/v1/videos/{video['job_id']}/remix": {"prompt": "at night"},
        "/api/generate-v2v": {"prompt": "a watercolour", **named},
        "/api/extend-video": {"prompt": "it goes on", "frames": 41, "steps": 4, **named},
    }


async def sent(api: httpx.AsyncClient, path: str, body: Any, key: str | None = None) -> int:
    headers = {"Idempotency-Key": key} if key else {}
    return (await api.post(path, json=body, headers=headers)).status_code


async def test_a_video_becomes_others_for_who_may_and_can_pay(world: World) -> None:
    customer = await world.customer("1000")
    text = got(await customer.api.post("/api/generate", json=FOX))["job_id"]

    async def made() -> dict[str, Any] | None:
        found: dict[str, Any] = got(await customer.api.get("/api/status", params={"job_id": text}))
        return found if found["status"] == "completed" else None

    video = await until(made, "the video")

    async def key_with(**terms: Any) -> httpx.AsyncClient:
        asked = {"name": "narrow", **terms}
        return world.client(got(await customer.api.post("/api/v1/keys", json=asked), 201)["key"])

    nobody, elsewhere = world.client("none"), {"video_filename": "task_01ARZ3NDEKTSV4RRFFQ69G5FAV-0.mp4"}
    assert await sent(customer.api, "/api/extend-video", elsewhere) == 404
    reader, capped = await key_with(scopes=["read"]), await key_with(spend_cap=0)
    for path, body in about(video).items():
        hurried = await key_with(requests_per_minute=1)
        await hurried.get("/api/v1/credits")
        assert await sent(nobody, path, body) == 401, path
        assert await sent(reader, path, body) == 403, path
        assert await sent(hurried, path, body) == 429, path
        assert await sent(capped, path, body) == (429 if path.startswith("/v1/") else 402), path
        assert await sent(customer.api, path, body | {"nonsense": 1}) == 400, path
        too_large = await customer.api.post(path, content=b"[" * 1_100_000)
        assert too_large.status_code == 413, path
        assert await sent(customer.api, path, body, path) == 200, path
        assert await sent(customer.api, path, body | {"prompt": "another"}, path) == 409, path

    async def over() -> bool:
        return got(await customer.api.get("/api/queue"))["active_jobs"] == []

    await until(over, "everything is made")
    done = got(await customer.api.get("/v1/videos"))["data"]
    assert ([each["status"] for each in done], len(done)) == (["completed"] * 4, 4), done
    remixes = [each for each in done if each["remixed_from_video_id"]]
    assert [each["remixed_from_video_id"] for each in remixes] == [text]
