"""Which of its shapes a Wan model is asked in."""

from typing import Any

import orjson
import pytest
from providers.adapter import adapter
from providers.http import HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import Succeeded

BASE = "https://dashscope.example/api/v1"
DASHSCOPE = adapter("dashscope")
A, B, V, S = "https://i/a.png", "https://i/b.png", "https://i/v.mp4", "https://i/s.mp3"


def sent(model: str, given: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    request = DASHSCOPE.submit(BASE, Credential("c", "key"), Submission(model, given, "corr"))
    body = orjson.loads(request.body)
    assert body["model"] == model
    return request.url.removeprefix(f"{BASE}/services/aigc/"), body["input"], body["parameters"]


VIDEO = "video-generation/video-synthesis"
FIRST, LAST = {"type": "first_frame", "url": A}, {"type": "last_frame", "url": B}


@pytest.mark.parametrize(
    ("model", "given", "path", "built"),
    [
        ("wan2.5-t2v-preview", {"audio_url": S}, VIDEO, {"audio_url": S}),
        ("wan2.6-i2v", {"image_urls": [A], "audio_url": S}, VIDEO, {"img_url": A, "audio_url": S}),
        ("wan2.6-i2v-flash", {"image_urls": [A], "audio_url": S, "audio": False}, VIDEO, {"img_url": A}),
        ("wan2.6-r2v", {"image_urls": [A], "video_urls": [V]}, VIDEO, {"reference_urls": [V, A]}),
        (
            "wan2.2-kf2v-flash",
            {"image_urls": [A, B]},
            "image2video/video-synthesis",
            {"first_frame_url": A, "last_frame_url": B},
        ),
        ("wan2.7-t2v", {"audio_url": S}, VIDEO, {"audio_url": S}),
        ("wan2.7-i2v", {"image_urls": [A, B]}, VIDEO, {"media": [FIRST, LAST]}),
        (
            "wan2.7-i2v-2026-04-25",
            {"image_urls": [A], "audio_url": S},
            VIDEO,
            {"media": [FIRST, {"type": "driving_audio", "url": S}]},
        ),
        (
            "wan2.7-i2v",
            {"video_urls": [V], "image_with_roles": [{"role": "last_frame", "url": B}]},
            VIDEO,
            {"media": [LAST, {"type": "first_clip", "url": V}]},
        ),
        (
            "wan2.7-r2v",
            {"image_urls": [A], "video_urls": [V]},
            VIDEO,
            {"media": [{"type": "reference_image", "url": A}, {"type": "reference_video", "url": V}]},
        ),
        (
            "wan2.7-videoedit",
            {"video_urls": [V]},
            VIDEO,
            {"media": [{"type": "video", "url": V}]},
        ),
        ("wan3.0-video", {}, VIDEO, {}),
        (
            "wan3.0-video",
            {"image_with_roles": [{"role": "first_frame", "url": A}]},
            VIDEO,
            {"media": [FIRST]},
        ),
        (
            "wan3.0-video",
            {"image_urls": [A], "audio_urls": [S]},
            VIDEO,
            {"media": [{"type": "reference_image", "url": A}, {"type": "reference_audio", "url": S}]},
        ),
    ],
)
def test_files_go_where_the_model_looks_for_them(
    model: str, given: dict[str, Any], path: str, built: dict[str, Any]
) -> None:
    assert sent(model, {"prompt": "p", **given})[:2] == (path, {"prompt": "p", **built})


@pytest.mark.parametrize(
    ("model", "given", "parameters"),
    [
        ("wan2.6-t2v", {"resolution": "720p", "aspect_ratio": "9:16"}, {"size": "720*1280"}),
        ("wan2.6-t2v", {"size": "1280x720"}, {"size": "1280*720"}),
        ("wan2.6-i2v", {"resolution": "1080p"}, {"resolution": "1080P"}),
        (
            "wan2.7-t2v",
            {"resolution": "720p", "aspect_ratio": "9:16"},
            {"resolution": "720P", "ratio": "9:16"},
        ),
        ("wan3.0-video", {"duration": 30, "seed": 3}, {"duration": 30, "seed": 3}),
    ],
)
def test_a_frame_is_a_size_in_the_older_shape_and_a_ratio_in_the_newer(
    model: str, given: dict[str, Any], parameters: dict[str, Any]
) -> None:
    assert sent(model, {"prompt": "p", **given})[2] == parameters


def test_the_seconds_of_wan_2_5_are_found_where_it_tells_them() -> None:
    output = {"task_id": "t", "task_status": "SUCCEEDED", "video_url": "https://v/1"}
    usage = {"video_duration": 5, "video_ratio": "832*480", "video_count": 1}
    found = DASHSCOPE.parse_poll(HttpResponse(200, {}, orjson.dumps({"output": output, "usage": usage})))
    assert isinstance(found, Succeeded)
    assert found.usage.output_seconds == 5
