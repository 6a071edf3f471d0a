"""What fal and Replicate have in common: any model, taken at its name, makes what the name promises."""

import asyncio
import io
import struct
from typing import Any

import av
import orjson
import pytest
from PIL import Image

KEY = {"authorization": "Key k"}
IMAGE, SOUND = "https://host.invalid/i.png", "https://host.invalid/a.mp3"


async def fal(sim: Any, model: str, **given: Any) -> tuple[int, dict[str, Any]]:
    """Submit, wait until COMPLETED, and the result's status and body."""
    accepted = (await sim.http.post(f"/fal/{model}", json=given, headers=KEY)).json()
    async with asyncio.timeout(40):
        while (await sim.http.get(accepted["status_url"], headers=KEY)).status_code == 202:
            await asyncio.sleep(0.03)
    answer = await sim.http.get(accepted["response_url"], headers=KEY)
    return answer.status_code, answer.json()


async def replicate(sim: Any, model: str, **given: Any) -> dict[str, Any]:
    """Create with `Prefer: wait`, and the prediction."""
    path, headers = f"/replicate/v1/models/{model}/predictions", {"prefer": "wait"}
    found: dict[str, Any] = (await sim.http.post(path, json={"input": given}, headers=headers)).json()
    return found


@pytest.mark.parametrize(
    ("model", "given", "size"),
    [
        ("fal-ai/flux-2", {"image_size": {"width": 640, "height": 352}, "output_format": "png"}, (640, 352)),
        ("fal-ai/some-new-image-model", {"image_size": "landscape_16_9"}, (1024, 576)),
    ],
)
async def test_pictures_have_the_size_that_was_asked_for(
    sim: Any, model: str, given: dict[str, Any], size: tuple[int, int]
) -> None:
    status, found = await fal(sim, model, prompt="a boat", **given)
    assert (status, found["images"][0]["width"], found["images"][0]["height"]) == (200, *size)
    with Image.open(io.BytesIO((await sim.http.get(found["images"][0]["url"])).content)) as picture:
        assert picture.size == size


async def test_a_video_has_its_frames_and_its_shape(sim: Any) -> None:
    status, found = await fal(
        sim,
        "fal-ai/wan/v2.2-a14b/text-to-video",
        prompt="p",
        num_frames=33,
        resolution="480p",
        aspect_ratio="9:16",
    )
    assert status == 200
    video = await sim.video(found["video"]["url"])
    assert (video.width, video.height, video.frames) == (480, 854, 33)


async def test_music_lasts_as_long_as_asked_and_a_mesh_is_one(sim: Any) -> None:
    _, music = await fal(sim, "fal-ai/ace-step/prompt-to-audio", prompt="drums", duration=5)
    sound = (await sim.http.get(music["audio"]["url"])).content
    with av.open(io.BytesIO(sound)) as container:
        assert (container.duration or 0) / av.time_base == pytest.approx(5, abs=0.1)
    _, mesh = await fal(sim, "fal-ai/hunyuan3d/v2", input_image_url=IMAGE)
    glb = (await sim.http.get(mesh["model_mesh"]["url"])).content
    assert glb[:4] == b"glTF"
    assert struct.unpack("<I", glb[8:12])[0] == len(glb)


async def test_what_is_heard_is_told_in_timed_chunks(sim: Any) -> None:
    _, found = await fal(sim, "fal-ai/whisper", audio_url=SOUND)
    assert found["text"].startswith(found["chunks"][0]["text"])
    assert found["chunks"][0]["timestamp"] == [0.0, 2.8]
    heard = await replicate(sim, "openai/whisper", audio=SOUND)
    assert heard["output"]["segments"][0]["end"] == 2.8


@pytest.mark.parametrize(
    ("model", "given", "kind", "field"),
    [
        ("fal-ai/flux-2", {}, "missing", "prompt"),
        ("fal-ai/flux-2", {"prompt": "p", "num_images": 9}, "less_than_equal", "num_images"),
        ("fal-ai/flux-2", {"prompt": "p", "size": "big"}, "extra_forbidden", "size"),
        ("fal-ai/flux-2", {"prompt": "p", "output_format": "bmp"}, "literal_error", "output_format"),
        ("fal-ai/unheard-of", {"prompt": 7}, "type_error", "prompt"),
        ("fal-ai/unheard-of", {"prompt": "p", "image_url": "here"}, "file_download_error", "image_url"),
    ],
)
async def test_fals_queue_takes_any_body_and_the_model_refuses_it(
    sim: Any, model: str, given: dict[str, Any], kind: str, field: str
) -> None:
    status, found = await fal(sim, model, **given)
    assert (status, found["detail"][0]["type"], found["detail"][0]["loc"]) == (422, kind, ["body", field])


async def test_replicate_refuses_a_faulty_input_at_once_and_names_its_fields(sim: Any) -> None:
    found = await replicate(sim, "wan-video/wan-2.2-t2v-fast", num_frames=9, motion=1)
    assert found["title"] == "Input validation failed"
    assert [each["field"] for each in found["invalid_fields"]] == [
        "input.prompt",
        "input.num_frames",
        "input.motion",
    ]
    assert await sim.log("replicate") == []


async def test_a_known_version_is_its_model(sim: Any) -> None:
    version = "cd7ed192aa7cf6687d77c6494a2027ca1a76d06f524a02f5faee1727280c6a9e"
    given = {"face_image": IMAGE, "driving_video": "https://host.invalid/v.mp4"}
    body = {"version": version, "input": given}
    found = (await sim.http.post("/replicate/v1/predictions", json=body, headers={"prefer": "wait"})).json()
    assert (found["model"], found["status"], len(found["output"])) == ("fofr/live-portrait", "succeeded", 1)
    odd = await sim.http.post("/replicate/v1/predictions", json={**body, "version": "latest"})
    assert odd.status_code == 422


async def test_fals_status_is_streamed_until_it_is_over(sim: Any) -> None:
    accepted = (
        await sim.http.post("/fal/fal-ai/flux-2", json={"prompt": "[sim:delay=600]"}, headers=KEY)
    ).json()
    lines = []
    async with sim.http.stream("GET", f"{accepted['status_url']}/stream", headers=KEY) as stream:
        async for line in stream.aiter_lines():
            if line:
                lines.append(orjson.loads(line.removeprefix("data: ")))
                await sim.finish("fal")
    assert lines[0]["status"] in ("IN_QUEUE", "IN_PROGRESS")
    assert lines[-1]["status"] == "COMPLETED"


async def test_a_jobs_address_with_its_subpath_is_none(sim: Any) -> None:
    model = "fal-ai/wan/v2.2-a14b/text-to-video"
    accepted = (await sim.http.post(f"/fal/{model}", json={"prompt": "p"}, headers=KEY)).json()
    wrong = await sim.http.get(f"/fal/{model}/requests/{accepted['request_id']}/status", headers=KEY)
    assert wrong.status_code == 405
    other = await sim.http.get(f"/fal/fal-ai/flux-2/requests/{accepted['request_id']}/status", headers=KEY)
    assert other.status_code == 404


async def test_a_queue_that_is_too_long_is_refused_when_asked(sim: Any) -> None:
    await sim.http.post("/fal/fal-ai/flux-2", json={"prompt": "[sim:queued]"}, headers=KEY)
    answer = await sim.http.post(
        "/fal/fal-ai/flux-2?fal_max_queue_length=1", json={"prompt": "p"}, headers=KEY
    )
    assert answer.status_code == 429
