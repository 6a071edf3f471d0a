"""The newer shapes of Wan, Gemini's Interactions and Vertex AI: refused as strictly as the real ones do."""

from typing import Any

import pytest

VIDEO = "/dashscope/api/v1/services/aigc/video-generation/video-synthesis"
KEYFRAMES = "/dashscope/api/v1/services/aigc/image2video/video-synthesis"
OMNI = "/gemini/v1beta/interactions"
MODEL = "publishers/google/models/veo-3.1-generate-001"
VERTEX = f"/vertex/v1/projects/p/locations/us-central1/{MODEL}"
A = "https://host.invalid/a.png"
FORMAT = {"type": "video", "delivery": "uri", "duration": "3s", "resolution": "360p", "aspect_ratio": "9:16"}


def media(*types: str) -> dict[str, Any]:
    return {"media": [{"type": each, "url": A} for each in types]}


async def wan(sim: Any, model: str, given: dict[str, Any], path: str = VIDEO, **parameters: Any) -> Any:
    body = {"model": model, "input": {"prompt": "a boat", **given}, "parameters": parameters}
    return await sim.http.post(path, json=body, headers={"x-dashscope-async": "enable"})


@pytest.mark.parametrize(
    ("model", "given", "parameters"),
    [
        ("wan2.7-i2v", {"img_url": A}, {}),
        ("wan2.7-i2v", {}, {}),
        ("wan2.7-i2v", media("first_frame", "first_clip"), {}),
        ("wan2.7-i2v", media("first_clip", "driving_audio"), {}),
        ("wan2.7-i2v", media("reference_image"), {}),
        ("wan2.7-r2v", media(), {}),
        ("wan2.7-r2v", media(*["reference_image"] * 6), {}),
        ("wan2.7-videoedit", media("reference_image"), {}),
        ("wan3.0-video", media("first_frame", "reference_image"), {}),
        ("wan3.0-video", media("last_frame"), {}),
        ("wan3.0-video", {}, {"duration": 31}),
        ("wan2.7-t2v", {}, {"ratio": "5:4"}),
        ("wan2.5-t2v-preview", {}, {"duration": 6}),
        ("wan2.6-t2v", {}, {"size": "832*480"}),
        ("wan2.2-kf2v-flash", {"first_frame_url": A}, {}),
    ],
)
async def test_wan_refuses_files_and_ranges_that_the_model_does_not_have(
    sim: Any, model: str, given: dict[str, Any], parameters: dict[str, Any]
) -> None:
    answer = await wan(sim, model, given, **parameters)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")
    assert await sim.log() == []


async def test_first_and_last_frames_are_taken_at_their_own_path_alone(sim: Any) -> None:
    frames = {"first_frame_url": A, "last_frame_url": A}
    assert (await wan(sim, "wan2.2-kf2v-flash", frames, KEYFRAMES)).status_code == 200
    assert (await wan(sim, "wan2.6-t2v", {}, KEYFRAMES)).status_code == 400


async def test_a_ratio_decides_the_size_of_the_newer_models(sim: Any) -> None:
    submitted = await wan(sim, "wan2.7-t2v", {}, resolution="720P", ratio="9:16", duration=2)
    task = await sim.wan_done(submitted)
    video = await sim.video(task["output"]["video_url"])
    assert (video.width, video.height, video.frames) == (720, 1280, 48)
    assert task["usage"]["ratio"] == "9:16"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"model": "veo-3.1-generate-preview"}, 404),
        ({"input": []}, 400),
        ({"input": [{"type": "smell"}]}, 400),
        ({"background": "yes"}, 400),
        ({"colour": "red"}, 400),
        ({"response_format": {**FORMAT, "duration": 8}}, 400),
        ({"response_format": {**FORMAT, "duration": "30s"}}, 400),
        ({"response_format": {**FORMAT, "type": "audio"}}, 400),
        ({"generation_config": {"video_config": {"task": "dance"}}}, 400),
    ],
)
async def test_interactions_refuse_with_a_word_for_a_code(
    sim: Any, changes: dict[str, Any], status: int
) -> None:
    body = {"model": "gemini-omni-1.1-flash", "input": "a boat", "response_format": FORMAT, **changes}
    answer = await sim.http.post(OMNI, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == {400: "invalid_request", 404: "not_found"}[status]


async def test_an_interaction_makes_a_video_as_asked_and_cannot_be_cancelled_afterwards(sim: Any) -> None:
    body = {"model": "gemini-omni-1.1-flash", "input": "a boat", "response_format": FORMAT}
    started = (await sim.http.post(OMNI, json={**body, "background": True})).json()
    path = f"{OMNI}/{started['id']}"
    done = await sim.until(path, lambda found: found["status"] != "in_progress")
    video = await sim.video(done["steps"][0]["content"][0]["uri"])
    assert (video.width, video.height, video.frames) == (360, 640, 72)
    late = await sim.http.post(f"{path}/cancel")
    assert (late.status_code, late.json()["error"]["code"]) == (400, "failed_precondition")


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"grant_type": "password"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "no.jwt"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "e30.e30.e30"},
    ],
)
async def test_no_token_is_given_for_what_is_no_assertion(sim: Any, form: dict[str, str]) -> None:
    answer = await sim.http.post("/vertex/token", data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] in {"unsupported_grant_type", "invalid_grant"}


@pytest.mark.parametrize(
    "parameters", [{"sampleCount": 5}, {"seed": -1}, {"storageUri": "https://b"}, {"colour": "red"}]
)
async def test_vertex_refuses_what_is_out_of_range(sim: Any, parameters: dict[str, Any]) -> None:
    body = {"instances": [{"prompt": "a boat"}], "parameters": parameters}
    answer = await sim.http.post(f"{VERTEX}:predictLongRunning", json=body)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


async def test_vertex_knows_an_operation_by_its_full_name_only(sim: Any) -> None:
    body = {"instances": [{"prompt": "a boat"}]}
    name = (await sim.http.post(f"{VERTEX}:predictLongRunning", json=body)).json()["name"]
    known = await sim.http.post(f"{VERTEX}:fetchPredictOperation", json={"operationName": name})
    assert known.json()["name"] == name
    other = name.replace("projects/p/", "projects/q/")
    gone = await sim.http.post(f"{VERTEX}:fetchPredictOperation", json={"operationName": other})
    assert gone.status_code == 404
    assert (
        await sim.http.post(f"{VERTEX}:fetchPredictOperation", json={"operationName": "op"})
    ).status_code == 400
