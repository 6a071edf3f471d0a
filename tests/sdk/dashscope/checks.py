"""dashscope: Wan's tasks by VideoSynthesis, with its own `wait` and `list`."""

import dashscope
from dashscope import VideoSynthesis
from kit import KEY, Golden, Sim, guards

PROVIDER = "dashscope"
IMAGE = "https://host.invalid/first-frame.png"
JOB = {
    "model": "wan2.6-i2v-flash",
    "prompt": "a paper boat",
    "img_url": IMAGE,
    "duration": 2,
    "resolution": "720P",
}


def _point_at(sim: Sim, key: str = KEY) -> None:
    dashscope.base_http_api_url = f"{sim.url}/dashscope/api/v1"
    dashscope.api_key = key


@guards("HTTP 200 to the submit", path="/video-synthesis$", status=201)
@guards("output.task_id")
@guards("output.task_status")
@guards("output.video_url")
def check_submits_waits_and_finds_the_video(sim: Sim) -> None:
    _point_at(sim)
    submitted = VideoSynthesis.async_call(**JOB)
    assert submitted.status_code == 200, submitted
    finished = VideoSynthesis.wait(submitted.output.task_id)
    assert finished.output.task_status == "SUCCEEDED", finished
    assert sim.fetch(finished.output.video_url)[4:8] == b"ftyp"


@guards("total")
def check_lists_its_tasks(sim: Sim) -> None:
    _point_at(sim)
    task_id = VideoSynthesis.async_call(**JOB).output.task_id
    page = VideoSynthesis.list(page_size=50)
    assert page.status_code == 200, page
    assert page.output["total"] >= 1
    assert task_id in [each["task_id"] for each in page.output["data"]]


def golden_image_to_video(sim: Sim, golden: Golden) -> None:
    _point_at(sim)
    with golden("submit"):
        task_id = VideoSynthesis.async_call(**JOB).output.task_id
    golden.calls(task_id, "JOB")
    with golden("poll"):
        VideoSynthesis.fetch(task_id)
    with golden("cancel"):
        VideoSynthesis.cancel(task_id)
