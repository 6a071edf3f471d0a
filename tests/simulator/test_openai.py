"""OpenAI below `/openai/v1`, where its SDK (tests/sdk/openai) doesn't look."""

import asyncio
import base64
import hashlib
import hmac
import io
import wave
from typing import Any

import httpx
import pytest
from PIL import Image

ROOT = "/openai/v1"
VIDEO = {"model": "sora-2", "prompt": "a paper boat"}
BAD = {"authorization": "Bearer bad-key"}


async def final(sim: Any, submitted: httpx.Response) -> dict[str, Any]:
    assert submitted.status_code == 200, submitted.text
    async with asyncio.timeout(30):
        while True:
            video: dict[str, Any] = await sim.get(f"{ROOT}/videos/{submitted.json()['id']}")
            if video["status"] in ("completed", "failed"):
                return video
            await asyncio.sleep(0.05)


async def create(sim: Any, **fields: Any) -> httpx.Response:
    answer: httpx.Response = await sim.http.post(f"{ROOT}/videos", json={**VIDEO, **fields})
    return answer


async def test_a_video_has_the_asked_size_and_length_and_is_served_in_ranges(sim: Any) -> None:
    video = await final(sim, await create(sim, seconds="4", size="1280x720"))
    url = f"{ROOT}/videos/{video['id']}/content"
    found = await sim.video(url)
    assert (found.width, found.height, found.frames, found.codecs) == (1280, 720, 96, ["h264", "aac"])
    part = await sim.http.get(url, headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")


async def test_content_is_not_there_before_it_is_ready_nor_when_its_hour_is_over(sim: Any) -> None:
    submitted = await create(sim, prompt="[sim:queued]")
    early = await sim.http.get(f"{ROOT}/videos/{submitted.json()['id']}/content")
    assert early.status_code == 404
    video = await final(sim, await create(sim))
    await sim.http.post("/_control/expire?provider=openai")
    late = await sim.http.get(f"{ROOT}/videos/{video['id']}/content")
    assert (late.status_code, late.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"seconds": 4}, "seconds", "invalid_type"),
        ({"seconds": "5"}, "seconds", "invalid_value"),
        ({"size": "1920x1080"}, "size", "invalid_value"),
        ({"prompt": ""}, "prompt", "empty_string"),
        ({"prompt": None}, "prompt", "missing_required_parameter"),
        ({"seed": 1}, "seed", "unknown_parameter"),
        ({"input_reference": "x"}, "input_reference", "invalid_type"),
        (
            {"input_reference": {"image_url": "data:image/png;base64,AA=="}},
            "input_reference",
            "invalid_value",
        ),
    ],
)
async def test_a_field_at_fault_is_named(sim: Any, fields: dict[str, Any], param: str, code: str) -> None:
    answer = await create(sim, **fields)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, param, code)
    assert error["type"] == "invalid_request_error"
    assert await sim.log("openai") == []


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("images/generations", {"prompt": "p", "response_format": "url"}, "response_format"),
        ("images/generations", {"prompt": "p", "size": "1000x1000"}, "size"),
        ("images/generations", {"prompt": "p", "n": 11}, "n"),
        ("audio/speech", {"model": "tts-1", "voice": "alloy", "input": "x" * 4097}, "input"),
        ("audio/speech", {"model": "tts-1", "voice": "alloy", "input": "x", "speed": 5}, "speed"),
        ("chat/completions", {"model": "gpt-4o", "messages": []}, "messages"),
        ("chat/completions", {"model": "gpt-4o", "messages": [{"role": "boss"}]}, "messages[0].role"),
        (
            "webhook_endpoints",
            {"name": "n", "url": "https://h", "event_types": ["video.burnt"]},
            "event_types",
        ),
        ("webhook_endpoints", {"name": "n", "url": "ftp://h", "event_types": ["video.failed"]}, "url"),
    ],
)
async def test_the_other_apis_name_it_too(sim: Any, path: str, body: dict[str, Any], param: str) -> None:
    answer = await sim.http.post(f"{ROOT}/{path}", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param), answer.text


async def test_every_answer_has_a_request_id_refusals_and_unread_json_included(sim: Any) -> None:
    for answer in (
        await sim.http.get(f"{ROOT}/models"),
        await sim.http.get(f"{ROOT}/models", headers=BAD),
        await sim.http.post(f"{ROOT}/chat/completions", content=b"{"),
    ):
        assert answer.headers["x-request-id"].startswith("req_")
        assert "openai-processing-ms" in answer.headers


async def test_lists_go_both_ways_and_refuse_an_id_that_never_was(sim: Any) -> None:
    await sim.set(render="cached")
    made = [(await create(sim)).json()["id"] for _ in range(3)]
    page = await sim.get(f"{ROOT}/videos?order=asc&limit=2")
    assert ([each["id"] for each in page["data"]], page["has_more"]) == (made[:2], True)
    rest = await sim.get(f"{ROOT}/videos?order=asc&limit=2&after={page['last_id']}")
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == (made[2:], False)
    for query in ("after=video_0", "limit=0", "limit=x"):
        assert (await sim.http.get(f"{ROOT}/videos?{query}")).status_code == 400


async def test_a_result_that_is_the_answer_comes_when_its_job_is_done(sim: Any) -> None:
    await sim.set(openai={"delay_seconds": 0.2})
    body = {"model": "gpt-image-1.5", "prompt": "a paper boat", "size": "256x512", "output_format": "jpeg"}
    answer = await sim.http.post(f"{ROOT}/images/generations", json=body)
    image = Image.open(io.BytesIO(base64.b64decode(answer.json()["data"][0]["b64_json"])))
    assert (image.size, image.format) == ((256, 512), "JPEG")
    (job,) = await sim.log("openai")
    assert (job["state"], job["path"]) == ("succeeded", f"{ROOT}/images/generations")
    assert job["usage"]["total_tokens"] == answer.json()["usage"]["total_tokens"]


async def test_what_is_said_longer_lasts_longer_and_is_heard_as_long(sim: Any) -> None:
    body = {"model": "tts-1", "voice": "echo", "input": "x" * 60, "response_format": "wav"}
    spoken = await sim.http.post(f"{ROOT}/audio/speech", json=body)
    with wave.open(io.BytesIO(spoken.content)) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(4.0, abs=0.01)
    form = {"model": "whisper-1", "response_format": "verbose_json", "language": "zh"}
    heard = await sim.http.post(
        f"{ROOT}/audio/transcriptions", data=form, files={"file": ("a.wav", spoken.content, "audio/wav")}
    )
    assert (heard.json()["duration"], heard.json()["language"]) == (4.0, "chinese")


@pytest.mark.parametrize(("marker", "status"), [("[sim:fail]", 500), ("[sim:moderated]", 400)])
async def test_a_waiting_request_is_told_of_its_jobs_failure(sim: Any, marker: str, status: int) -> None:
    body = {"model": "gpt-image-1.5", "prompt": marker}
    assert (await sim.http.post(f"{ROOT}/images/generations", json=body)).status_code == status


async def test_a_webhook_is_repeated_with_one_id_and_signed_anew(sim: Any, receiver: Any) -> None:
    receiver.answers = [500, 503, 200]
    endpoint = {"name": "n", "url": f"{receiver.url}/hook", "event_types": ["video.failed"]}
    registered = (await sim.http.post(f"{ROOT}/webhook_endpoints", json=endpoint)).json()
    assert registered["object"] == "webhook_endpoint"
    await final(sim, await create(sim))  # nobody asked to hear of completed ones
    video = await final(sim, await create(sim, prompt="[sim:fail]"))
    bodies = await receiver.until(3)
    assert {(each["type"], each["data"]["id"]) for each in bodies} == {("video.failed", video["id"])}
    assert len({headers["webhook-id"] for headers, _ in receiver.raw}) == 1
    key = base64.b64decode(registered["signing_secret"].removeprefix("whsec_"))
    for headers, body in receiver.raw:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
    listed = await sim.get(f"{ROOT}/webhook_endpoints")
    assert "signing_secret" not in listed["data"][0]
