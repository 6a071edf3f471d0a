import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

RATIOS = {
    "480p": ("864x496", "752x560", "640x640", "560x752", "496x864", "992x432"),
    "720p": ("1280x720", "1112x834", "960x960", "834x1112", "720x1280", "1470x630"),
}
NAMES = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")


def data_uri(data: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def is_red(colour: list[float]) -> bool:
    return colour[0] > 180 and colour[1] < 60 and colour[2] < 60


@pytest.mark.parametrize("resolution", RATIOS)
async def test_every_seedance_ratio_has_its_documented_size(sim: Any, resolution: str) -> None:
    submitted = [await sim.ark(resolution=resolution, ratio=name, generate_audio=False) for name in NAMES]
    for answer, size in zip(submitted, RATIOS[resolution], strict=True):
        video = await sim.video((await sim.ark_done(answer))["content"]["video_url"])
        assert (f"{video.width}x{video.height}", video.frames) == (size, 96)


async def test_a_15_second_ultrawide_video_has_360_frames(sim: Any) -> None:
    task = await sim.ark_done(await sim.ark(ratio="21:9", duration=15))
    video = await sim.video(task["content"]["video_url"])
    assert (video.width, video.height, video.frames) == (992, 432, 360)
    assert video.seconds == pytest.approx(15.0, abs=0.001)


async def test_a_red_portrait_gives_red_frames_in_its_own_shape(
    sim: Any, red_portrait: bytes, mean_colour: Callable[[Any], list[float]]
) -> None:
    task = await sim.wan_done(
        await sim.wan("turn and smile", input={"img_url": data_uri(red_portrait)}, audio=False)
    )
    video = await sim.video(task["output"]["video_url"])
    assert (video.width, video.height, video.codecs) == (720, 1080, ["h264"])
    assert task["usage"]["size"] == "720*1080"
    for frame in (video.first, video.middle, video.last):
        assert is_red(mean_colour(frame))


async def test_a_portrait_is_fetched_when_it_is_a_url(
    sim: Any, receiver: Any, red_portrait: bytes, mean_colour: Callable[[Any], list[float]]
) -> None:
    receiver.files["portrait.jpg"] = red_portrait
    content = [{"type": "image_url", "image_url": {"url": f"{receiver.url}/portrait.jpg"}}]
    task = await sim.ark_done(await sim.ark(content=content))
    assert task["ratio"] == "3:4"
    video = await sim.video(task["content"]["video_url"])
    assert (video.width, video.height) == (560, 752)
    assert is_red(mean_colour(video.middle))


async def test_veo_shows_its_inline_image(
    sim: Any, red_portrait: bytes, mean_colour: Callable[[Any], list[float]]
) -> None:
    image = {"bytesBase64Encoded": base64.b64encode(red_portrait).decode(), "mimeType": "image/jpeg"}
    operation = await sim.veo_done(await sim.veo(instance={"image": image}, durationSeconds=4))
    uri = operation["response"]["generateVideoResponse"]["generatedSamples"][0]["video"]["uri"]
    assert is_red(mean_colour((await sim.video(uri)).middle))


async def test_two_prompts_give_two_pictures_and_frames_move(sim: Any) -> None:
    prompts = ("海边日落时一辆红色跑车驶过公路", "城市雨夜霓虹灯下的街道车辆慢慢驶过")
    tasks = [await sim.ark_done(await sim.ark(prompt, seed=1)) for prompt in prompts]
    one, two = [await sim.video(task["content"]["video_url"]) for task in tasks]
    assert np.abs(one.first.astype(int) - two.first).mean() > 5
    assert np.abs(one.first.astype(int) - one.middle).mean() > 1


async def test_two_seeds_give_two_files_and_one_seed_the_same_picture(sim: Any) -> None:
    tasks = [await sim.ark_done(await sim.ark("a street", seed=seed)) for seed in (1, 2, 1)]
    first, other, again = [(await sim.http.get(t["content"]["video_url"])).content for t in tasks]
    assert first != other
    assert first == again


@pytest.mark.parametrize(
    "prompt", ["\u202e\u0007 control \n\t", "😀👍🏽", "العربية", "x" * 4000, "-- %s {} \\"]
)
async def test_no_prompt_breaks_the_picture(sim: Any, prompt: str) -> None:
    assert (await sim.ark_done(await sim.ark(prompt)))["status"] == "succeeded"


async def test_the_last_frame_is_the_videos_last_frame(sim: Any) -> None:
    task = await sim.ark_done(await sim.ark(return_last_frame=True))
    video = await sim.video(task["content"]["video_url"])
    answer = await sim.http.get(task["content"]["last_frame_url"])
    assert answer.headers["content-type"] == "image/png"
    picture = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)
    assert np.abs(picture - video.last).mean() < 4
    assert np.abs(picture - video.first).mean() > np.abs(picture - video.last).mean()


async def test_input_seconds_are_billed_as_tokens(sim: Any) -> None:
    source = await sim.ark_done(await sim.ark("source", duration=6))
    content = [
        {"type": "text", "text": "extend it"},
        {
            "type": "video_url",
            "video_url": {"url": source["content"]["video_url"]},
            "role": "reference_video",
        },
    ]
    task = await sim.ark_done(await sim.ark(content=content, ratio="16:9", duration=4))
    assert task["usage"]["completion_tokens"] == 864 * 496 * 24 * (4 + 6) // 1024


async def test_results_are_served_in_ranges(sim: Any) -> None:
    task = await sim.ark_done(await sim.ark())
    url = task["content"]["video_url"]
    whole = (await sim.http.get(url)).content
    head = await sim.http.head(url)
    assert (head.status_code, head.content, int(head.headers["content-length"])) == (200, b"", len(whole))
    assert head.headers["accept-ranges"] == "bytes"
    for header, expected in {"bytes=0-9": whole[:10], "bytes=-7": whole[-7:], "bytes=5-": whole[5:]}.items():
        part = await sim.http.get(url, headers={"range": header})
        assert (part.status_code, part.content) == (206, expected)
    past = await sim.http.get(url, headers={"range": f"bytes={len(whole)}-"})
    assert (past.status_code, past.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    assert (await sim.http.get(f"{sim.url}/ark/files/guess.mp4")).status_code == 404


async def test_cached_rendering_serves_one_small_valid_file(sim: Any) -> None:
    await sim.set(render="cached", delay_seconds=0)
    task = await sim.ark_done(await sim.ark(duration=15, return_last_frame=True))
    content = (await sim.http.get(task["content"]["video_url"])).content
    assert len(content) < 40_000
    assert (await sim.video(task["content"]["video_url"])).codecs == ["h264", "aac"]
    assert (await sim.http.get(task["content"]["last_frame_url"])).headers["content-type"] == "image/png"
    assert task["usage"]["completion_tokens"] == 864 * 496 * 24 * 15 // 1024
