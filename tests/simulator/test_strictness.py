import base64
from typing import Any

import pytest

WAN = "/dashscope/api/v1/services/aigc/video-generation/video-synthesis"
ARK = "/ark/api/v3/contents/generations/tasks"


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"resolution": "1080p"}, "InvalidParameter", "resolution"),
        ({"ratio": "2:1"}, "InvalidParameter", "ratio"),
        ({"duration": 3}, "InvalidParameter", "duration"),
        ({"duration": 16}, "InvalidParameter", "duration"),
        ({"duration": "5"}, "InvalidParameter", "duration"),
        ({"duration": True}, "InvalidParameter", "duration"),
        ({"frames": 29}, "InvalidParameter", "frames"),
        ({"seed": 2**31}, "InvalidParameter", "seed"),
        ({"generate_audio": "yes"}, "InvalidParameter", "generate_audio"),
        ({"priority": 10}, "InvalidParameter", "priority"),
        ({"execution_expires_after": 60}, "InvalidParameter", "execution_expires_after"),
        ({"safety_identifier": "x" * 65}, "InvalidParameter", "safety_identifier"),
        ({"callback_url": "ftp://x"}, "InvalidParameter", "callback_url"),
        ({"tools": [{"type": "calculator"}]}, "InvalidParameter", "tools"),
        ({"size": "16:9"}, "InvalidParameter", "size"),
        ({"content": []}, "MissingParameter", "content"),
        ({"content": [{"type": "text"}]}, "MissingParameter", "content[0].text"),
        ({"content": [{"type": "sound"}]}, "InvalidParameter", "content[0].type"),
        ({"model": None}, "MissingParameter", "model"),
    ],
)
async def test_ark_refuses_what_is_out_of_range(
    sim: Any, fields: dict[str, Any], code: str, param: str
) -> None:
    answer = await sim.ark(**fields)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"], error["type"]) == (
        400,
        code,
        param,
        "BadRequest",
    )
    assert "Request id: " in error["message"]
    assert await sim.log() == []


def image(role: str | None = None, url: str = "https://host.invalid/a.png") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}, **({"role": role} if role else {})}


VIDEO = {"type": "video_url", "video_url": {"url": "https://host.invalid/a.mp4"}, "role": "reference_video"}
AUDIO = {"type": "audio_url", "audio_url": {"url": "https://host.invalid/a.mp3"}, "role": "reference_audio"}


@pytest.mark.parametrize(
    "content",
    [
        [image("first_frame"), image("reference_image")],
        [image("first_frame"), VIDEO],
        [image("last_frame")],
        [image(), image()],
        [image("reference_image")] * 10,
        [VIDEO] * 4,
        [AUDIO],
        [image("hero")],
        [image(url="file:///etc/passwd")],
        [image(url="data:image/png;base64,%%%")],
        [image(url="data:image/png;base64," + base64.b64encode(b"not a picture").decode())],
    ],
)
async def test_ark_refuses_media_that_do_not_go_together(sim: Any, content: list[Any]) -> None:
    answer = await sim.ark(content=[{"type": "text", "text": "x"}, *content])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    "content",
    [[image()], [image("first_frame"), image("last_frame")], [image("reference_image"), VIDEO, AUDIO]],
)
async def test_ark_accepts_media_that_do(sim: Any, content: list[Any]) -> None:
    assert (await sim.ark(content=[{"type": "text", "text": "x"}, *content])).status_code == 200


async def test_ark_takes_nulls_as_absent(sim: Any) -> None:
    answer = await sim.ark(seed=None, ratio=None, frames=None, tools=None, callback_url=None, draft=None)
    assert answer.status_code == 200


async def test_ark_knows_its_models_keys_and_tasks(sim: Any) -> None:
    unknown = await sim.ark(model="no-such-model-0")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "InvalidEndpointOrModel.NotFound")
    for key in ("", "Bearer bad-key"):
        refused = await sim.http.get(f"{ARK}/x", headers={"authorization": key})
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "AuthenticationError")
    missing = await sim.http.get(f"{ARK}/cgt-x")
    assert (missing.status_code, missing.json()["error"]["type"]) == (404, "NotFound")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"resolution": "480P"}, "InvalidParameter"),
        ({"duration": 1}, "InvalidParameter"),
        ({"duration": 16}, "InvalidParameter"),
        ({"seed": -1}, "InvalidParameter"),
        ({"audio": 1}, "InvalidParameter"),
        ({"shot_type": "double"}, "InvalidParameter"),
        ({"input": {"img_url": None}}, "InvalidParameter"),
        ({"input": {"img_url": "a.jpg"}}, "InvalidURL"),
        ({"input": {"img_url": "oss://bucket/a.jpg"}}, "InvalidURL"),
        ({"input": {"img_url": "data:image/png;base64,!!"}}, "InvalidParameter"),
        ({"input": {"prompt": "x" * 1501}}, "InvalidParameter"),
        ({"input": {"negative_prompt": "x" * 501}}, "InvalidParameter"),
    ],
)
async def test_wan_refuses_what_is_out_of_range(sim: Any, change: dict[str, Any], code: str) -> None:
    answer = await sim.wan(**change)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert set(answer.json()) == {"code", "message", "request_id"}


async def test_wan_tolerates_the_extra_keys_that_its_sdk_sends(sim: Any) -> None:
    answer = await sim.wan(input={"extend_prompt": True, "function": "video-synthesis"})
    assert answer.status_code == 200


async def test_wan_refuses_calls_that_are_not_asynchronous(sim: Any) -> None:
    answer = await sim.http.post(WAN, json={"model": "wan2.6-i2v-flash"})
    assert (answer.status_code, answer.json()["code"]) == (403, "AccessDenied")


async def test_wan_knows_its_models_and_keys(sim: Any) -> None:
    unknown = await sim.wan(model="no-such-model-0")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "ModelNotFound")
    for key in ("", "Bearer bad-key"):
        refused = await sim.http.get("/dashscope/api/v1/tasks/x", headers={"authorization": key})
        assert (refused.status_code, refused.json()["code"]) == (401, "InvalidApiKey")


async def test_wans_query_limit_is_a_setting(sim: Any) -> None:
    await sim.set(query_qps=2)
    statuses = [(await sim.http.get("/dashscope/api/v1/tasks/x")).status_code for _ in range(6)]
    assert statuses[:2] == [200, 200]
    assert 429 in statuses


@pytest.mark.parametrize(
    "parameters",
    [
        {"durationSeconds": 5},
        {"durationSeconds": True},
        {"durationSeconds": 4, "resolution": "1080p"},
        {"resolution": "480p"},
        {"aspectRatio": "1:1"},
        {"sampleCount": 2},
        {"generateAudio": True},
        {"seed": 1},
        {"personGeneration": "nobody"},
    ],
)
async def test_veo_refuses_what_the_gemini_api_does_not_have(sim: Any, parameters: dict[str, Any]) -> None:
    answer = await sim.veo(**parameters)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    "instance",
    [
        {"prompt": ""},
        {"style": "film"},
        {"image": {"gcsUri": "gs://a/b", "mimeType": "image/png"}},
        {"image": {"bytesBase64Encoded": "????", "mimeType": "image/png"}},
        {"lastFrame": {"bytesBase64Encoded": "AAAA", "mimeType": "image/png"}},
    ],
)
async def test_veo_refuses_instances_that_it_can_not_read(sim: Any, instance: dict[str, Any]) -> None:
    assert (await sim.veo(instance=instance)).status_code == 400


async def test_veo_tells_a_bad_key_from_a_missing_one(sim: Any) -> None:
    path = "/gemini/v1beta/models/veo-3.1-generate-preview/operations/x"
    bad = await sim.http.get(path, headers={"x-goog-api-key": "bad-key"})
    assert bad.status_code == 400
    assert bad.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    missing = await sim.http.get(path, headers={"x-goog-api-key": ""})
    assert (missing.status_code, missing.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


async def test_veo_knows_its_models_and_operations(sim: Any) -> None:
    unknown = await sim.http.post("/gemini/v1beta/models/no-such-model-0:predictLongRunning", json={})
    assert (unknown.status_code, unknown.json()["error"]["status"]) == (404, "NOT_FOUND")
    missing = await sim.http.get("/gemini/v1beta/models/veo-3.1-generate-preview/operations/x")
    assert missing.status_code == 404


@pytest.mark.parametrize(
    "path", [ARK, WAN, "/gemini/v1beta/models/veo-3.1-generate-preview:predictLongRunning"]
)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'"text"'])
async def test_a_body_that_is_no_json_object_is_a_400_and_never_a_crash(
    sim: Any, path: str, body: bytes
) -> None:
    answer = await sim.http.post(path, content=body, headers={"x-dashscope-async": "enable"})
    assert answer.status_code == 400


@pytest.mark.parametrize("value", [None, 1, "x", [], [1], {}, {"url": 1}, True])
@pytest.mark.parametrize(
    "name", ["model", "content", "ratio", "duration", "tools", "callback_url", "service_tier"]
)
async def test_ark_survives_any_type_in_any_field(sim: Any, name: str, value: Any) -> None:
    assert (await sim.ark(**{name: value})).status_code in (200, 400, 404)


async def test_paths_that_nobody_has_are_refused_in_the_providers_shape(sim: Any) -> None:
    assert "request_id" in (await sim.http.get("/dashscope/nothing")).json()
    assert (await sim.http.put(ARK)).json()["error"]["type"]
    assert (await sim.http.get("/nothing")).status_code == 404


async def test_strict_inputs_fail_the_job_and_lax_ones_do_not(sim: Any) -> None:
    address = {"img_url": f"{sim.url}/nothing.png"}
    assert (await sim.wan_done(await sim.wan(input=address)))["output"]["task_status"] == "SUCCEEDED"
    await sim.set(strict_inputs=True)
    output = (await sim.wan_done(await sim.wan(input=address)))["output"]
    assert (output["task_status"], output["code"]) == ("FAILED", "InvalidURL")
    page = {"img_url": f"{sim.url}/"}
    assert (await sim.wan_done(await sim.wan(input=page)))["output"]["task_status"] == "FAILED"
