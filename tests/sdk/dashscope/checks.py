"""dashscope: Wan's tasks by VideoSynthesis with its own `wait` and `list`, and by the v2 client's videos."""

from typing import Any

import dashscope
from dashscope import VideoSynthesis
from dashscope.v2 import Client
from dashscope.v2.errors import AuthenticationError, BadRequestError, RateLimitError
from kit import KEY, Golden, Sim, guards, raises

PROVIDER = "dashscope"
IMAGE = "https://host.invalid/first-frame.png"
JOB = {
    "model": "wan2.6-i2v-flash",
    "prompt": "a paper boat",
    "img_url": IMAGE,
    "duration": 2,
    "resolution": "720P",
}
MEDIA = [{"type": "first_frame", "url": IMAGE}, {"type": "last_frame", "url": f"{IMAGE}?2"}]


def _point_at(sim: Sim, key: str = KEY) -> None:
    dashscope.base_http_api_url = f"{sim.url}/dashscope/api/v1"
    dashscope.api_key = key


def _client(sim: Sim, key: str = KEY) -> Any:
    return Client(api_key=key, base_url=f"{sim.url}/dashscope/api/v1", max_retries=0)


def _submitted(**changes: Any) -> Any:
    answer = VideoSynthesis.async_call(**{**JOB, **changes})
    assert answer.status_code == 200, answer
    return answer


@guards("HTTP 200 to the submit", path="/video-synthesis$", status=201)
@guards("output.task_id")
@guards("output.task_status")
@guards("output.video_url")
@guards("output_video_duration")
def check_submits_waits_and_finds_the_video(sim: Sim) -> None:
    _point_at(sim)
    finished = VideoSynthesis.wait(_submitted().output.task_id)
    assert finished.output.task_status == "SUCCEEDED", finished
    assert sim.fetch(finished.output.video_url)[4:8] == b"ftyp"
    assert finished.usage["output_video_duration"] == 2


@guards("output.task_status")
def check_the_newer_shape_of_files(sim: Sim) -> None:
    _point_at(sim)
    submitted = VideoSynthesis.async_call(
        model="wan2.7-i2v", prompt="a paper boat", media=MEDIA, duration=2, resolution="720P"
    )
    finished = VideoSynthesis.wait(submitted)
    assert finished.output.task_status == "SUCCEEDED", finished
    refused = VideoSynthesis.async_call(model="wan2.7-i2v", prompt="a boat", img_url=IMAGE)
    assert (refused.status_code, refused.code) == (400, "InvalidParameter")


def check_first_and_last_frames_have_a_path_of_their_own(sim: Sim) -> None:
    _point_at(sim)
    submitted = VideoSynthesis.async_call(
        model="wan2.2-kf2v-flash", prompt="a boat", first_frame_url=IMAGE, last_frame_url=IMAGE
    )
    assert submitted.status_code == 200, submitted
    assert sim.log()[-1]["model"] == "wan2.2-kf2v-flash"


@guards("total")
def check_lists_its_tasks(sim: Sim) -> None:
    _point_at(sim)
    task_id = _submitted().output.task_id
    page = VideoSynthesis.list(page_size=50)
    assert page.status_code == 200, page
    assert page.output["total"] >= 1
    assert task_id in [each["task_id"] for each in page.output["data"]]


@guards("HTTP 200 to the cancel", path="/cancel$", status=400)
def check_cancels_while_pending_and_is_refused_later(sim: Sim) -> None:
    _point_at(sim)
    waiting = _submitted(prompt="[sim:queued]").output.task_id
    assert VideoSynthesis.cancel(waiting).status_code == 200
    assert VideoSynthesis.wait(waiting).output.task_status == "CANCELED"
    done = _submitted().output.task_id
    VideoSynthesis.wait(done)
    late = VideoSynthesis.cancel(done)
    assert (late.status_code, late.code) == (400, "UnsupportedOperation")


@guards("output.code", drop="output.code")
def check_a_failed_task_is_a_200_that_says_why(sim: Sim) -> None:
    _point_at(sim)
    failed = VideoSynthesis.wait(_submitted(prompt="[sim:moderated]").output.task_id)
    assert (failed.status_code, failed.output.task_status) == (200, "FAILED")
    assert failed.output["code"] == "DataInspectionFailed"


@guards("output.task_status")
def check_an_unknown_id_is_a_200_that_says_unknown(sim: Sim) -> None:
    _point_at(sim)
    found = VideoSynthesis.fetch("00000000-0000-4000-8000-000000000000")
    assert (found.status_code, found.output.task_status) == (200, "UNKNOWN")


@guards("code", drop="code")
def check_refusals_are_answers_with_a_code(sim: Sim) -> None:
    _point_at(sim)
    answers = [
        VideoSynthesis.async_call(**{**JOB, "duration": 99}),
        VideoSynthesis.async_call(**{**JOB, "model": "no-such-model-0"}),
    ]
    sim.set(status_code_next=429)
    answers.append(VideoSynthesis.async_call(**JOB))
    sim.set(out_of_quota_next=1)
    answers.append(VideoSynthesis.async_call(**JOB))
    _point_at(sim, "bad-key")
    answers.append(VideoSynthesis.async_call(**JOB))
    assert [(each.status_code, each.code) for each in answers] == [
        (400, "InvalidParameter"),
        (404, "ModelNotFound"),
        (429, "Throttling.RateQuota"),
        (400, "Arrearage"),
        (401, "InvalidApiKey"),
    ]


@guards("output.task_id")
@guards("output.video_url")
def check_the_v2_client_generates_and_waits(sim: Sim) -> None:
    jobs = _client(sim).videos.jobs
    job = jobs.create(model="wan2.6-i2v-flash", prompt="a boat", image_url=IMAGE, duration=2)
    finished = jobs.wait(job)
    assert finished.succeeded, finished
    assert sim.fetch(finished.video_url)[4:8] == b"ftyp"


@guards("tasks")
def check_the_v2_client_lists(sim: Sim) -> None:
    jobs = _client(sim).videos.jobs
    job = jobs.create(model="wan2.6-i2v-flash", prompt="a boat", image_url=IMAGE, duration=2)
    page = jobs.list(page_size=50)
    assert job.job_id in [each.job_id for each in page.tasks], page


@guards("status and code", drop="code", status=418)
def check_the_v2_client_raises(sim: Sim) -> None:
    with raises(AuthenticationError):
        _client(sim, "bad-key").videos.jobs.create(model="wan2.6-t2v", prompt="a boat")
    with raises(BadRequestError):
        _client(sim).videos.jobs.create(model="wan2.6-t2v", prompt="a boat", duration=99)
    sim.set(status_code_next=429)
    with raises(RateLimitError):
        _client(sim).videos.jobs.create(model="wan2.6-t2v", prompt="a boat")


def golden_image_to_video(sim: Sim, golden: Golden) -> None:
    _point_at(sim)
    with golden("submit"):
        task_id = VideoSynthesis.async_call(**JOB).output.task_id
    golden.calls(task_id, "JOB")
    with golden("poll"):
        VideoSynthesis.fetch(task_id)
    with golden("cancel"):
        VideoSynthesis.cancel(task_id)


def golden_media_to_video(sim: Sim, golden: Golden) -> None:
    _point_at(sim)
    with golden("submit"):
        VideoSynthesis.async_call(
            model="wan2.7-i2v", prompt="a paper boat", media=MEDIA, duration=2, resolution="720P"
        )


def golden_keyframes_to_video(sim: Sim, golden: Golden) -> None:
    _point_at(sim)
    with golden("submit"):
        VideoSynthesis.async_call(
            model="wan2.2-kf2v-flash",
            prompt="a paper boat",
            first_frame_url=IMAGE,
            last_frame_url=f"{IMAGE}?2",
            resolution="720P",
        )


def golden_text_to_video(sim: Sim, golden: Golden) -> None:
    _point_at(sim)
    with golden("submit"):
        VideoSynthesis.async_call(
            model="wan2.6-t2v", prompt="a paper boat", size="1280*720", duration=2, seed=7
        )
