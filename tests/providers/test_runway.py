"""Runway's requests beside its SDK's, and what its answers mean."""

import json
from typing import Any

import orjson
import pytest
from goldens import JOB, KEY, URL, as_golden, golden
from providers.adapter import adapter
from providers.http import HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    BadCredentials,
    CancelAccepted,
    Cancelled,
    Failed,
    Gone,
    InvalidInput,
    Moderated,
    OutOfQuota,
    Output,
    Progress,
    Succeeded,
    Throttled,
    Unknown,
    Usage,
)

RUNWAY = adapter("runway")
BASE = f"{URL}/runway/v1"
PAYER = Credential("c", KEY)
IMAGE = "https://host.invalid/first-frame.png"
GIVEN = {"prompt": "a paper boat", "aspect_ratio": "16:9", "duration": 4}
VIDEO = "https://cdn.invalid/v.mp4?_jwt=x"


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, orjson.dumps(body))


def submitted(given: dict[str, Any], **changes: Any) -> Any:
    request = RUNWAY.submit(BASE, PAYER, Submission("veo3.1_fast", given, "corr", **changes))
    return request.url.rpartition("/")[2], json.loads(request.body)


def test_a_task_from_text_is_asked_for_and_followed_as_the_sdk_does() -> None:
    given = {**GIVEN, "generate_audio": True, "seed": 7, "negative_prompt": "blur"}
    request = RUNWAY.submit(BASE, PAYER, Submission("veo3.1_fast", given, "corr"))
    assert as_golden(request) == golden("runway", "text_to_video", "submit")
    assert as_golden(RUNWAY.poll(BASE, PAYER, JOB)) == golden("runway", "text_to_video", "poll")
    cancel = RUNWAY.cancel(BASE, PAYER, JOB)
    assert cancel is not None
    without = ("headers.content-type",)  # the SDK says so of a request without a body
    assert as_golden(cancel) == golden("runway", "text_to_video", "cancel", without=without)


@pytest.mark.parametrize(
    "frames",
    [
        {"image_urls": [IMAGE, f"{IMAGE}?2"]},
        {
            "image_with_roles": [
                {"url": f"{IMAGE}?2", "role": "last_frame"},
                {"url": IMAGE, "role": "first_frame"},
            ]
        },
    ],
)
def test_a_task_from_frames_is_asked_for_as_the_sdk_does(frames: dict[str, Any]) -> None:
    request = RUNWAY.submit(BASE, PAYER, Submission("veo3.1_fast", {**GIVEN, **frames}, "corr"))
    assert as_golden(request) == golden("runway", "image_to_video", "submit")


def test_one_frame_goes_alone() -> None:
    assert submitted({**GIVEN, "image_urls": [IMAGE]})[1]["promptImage"] == IMAGE


@pytest.mark.parametrize(
    ("aspect", "resolution", "ratio"),
    [("9:16", "720p", "720:1280"), ("9:16", "1080p", "1080:1920"), ("21:9", None, "1584:672")],
)
def test_a_shape_becomes_pixels(aspect: str, resolution: str | None, ratio: str) -> None:
    given = {"prompt": "p", "size": aspect, **({"resolution": resolution} if resolution else {})}
    assert submitted(given)[1]["ratio"] == ratio


def test_a_template_and_an_endpoint_of_the_route_take_the_place_of_the_fields() -> None:
    template = {"promptText": "{prompt}", "ratio": "{width}:{height}"}
    endpoint, body = submitted(
        {"prompt": "p", "width": 1024, "height": 768, "duration": 9},
        template=template,
        options={"endpoint": "text_to_image", "contentModeration": {"publicFigureThreshold": "low"}},
    )
    assert endpoint == "text_to_image"
    assert body == {
        "model": "veo3.1_fast",
        "promptText": "p",
        "ratio": "1024:768",
        "contentModeration": {"publicFigureThreshold": "low"},
    }


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (
            400,
            {"error": "You do not have enough credits to run this task."},
            OutOfQuota("You do not have enough credits to run this task."),
        ),
        (429, {"error": "Daily generation limit reached"}, OutOfQuota("Daily generation limit reached")),
        (429, {"error": "Too many requests"}, Throttled(7.0)),
        (401, {"error": "The API key is not valid."}, BadCredentials("The API key is not valid.")),
        (
            400,
            {
                "error": "Validation of body failed",
                "issues": [{"code": "too_big", "path": ["promptText"], "message": "too long"}],
            },
            InvalidInput("Validation of body failed (promptText: too long)", "promptText"),
        ),
        (
            400,
            {"error": "Failed to fetch asset"},
            InvalidInput("Failed to fetch asset", None, "input_unreachable"),
        ),
        (400, {"error": "Refused by content moderation"}, Moderated("Refused by content moderation")),
        (404, {"error": "No such endpoint"}, Failed("http_404", "No such endpoint")),
        (503, {"error": "Shedding load"}, Unknown("HTTP 503: Shedding load")),
    ],
)
def test_a_refused_submit_says_whose_matter_it_is(status: int, body: Any, outcome: Any) -> None:
    assert RUNWAY.parse_submit(answer(status, body, **{"retry-after": "7"})) == outcome


def test_a_submit_that_names_no_task_may_have_made_one() -> None:
    assert isinstance(RUNWAY.parse_submit(answer(200, {})), Unknown)


@pytest.mark.parametrize(
    ("task", "outcome"),
    [
        ({"status": "PENDING"}, Progress("queued")),
        ({"status": "RUNNING", "progress": 0.42}, Progress("running", 42)),
        ({"status": "RUNNING", "progress": 1}, Progress("running", 99)),
        ({"status": "RUNNING"}, Progress("running")),
        ({"status": "CANCELLED"}, Cancelled()),
        ({"status": "SUCCEEDED", "output": []}, Failed("no_output", "the task succeeded without an output")),
        (
            {"status": "SUCCEEDED", "output": [VIDEO]},
            Succeeded((Output("video", None, VIDEO),), Usage()),
        ),
        (
            {"status": "FAILED", "failure": "bad", "failureCode": "INTERNAL.BAD_OUTPUT.CODE01"},
            Failed("INTERNAL.BAD_OUTPUT.CODE01", "bad"),
        ),
        (
            {"status": "FAILED", "failure": "unreadable", "failureCode": "ASSET.INVALID"},
            InvalidInput("unreadable"),
        ),
        ({"status": "FAILED"}, Failed("failed", "the task failed without a reason")),
        ({"status": "NEW"}, Unknown("status NEW")),
    ],
)
def test_a_task_says_where_it_stands(task: dict[str, Any], outcome: Any) -> None:
    assert RUNWAY.parse_poll(answer(200, {"id": "t", **task})) == outcome


def test_a_throttled_task_is_accepted_and_waits() -> None:
    assert RUNWAY.parse_poll(answer(200, {"status": "THROTTLED"})) == Progress("queued")


@pytest.mark.parametrize(
    "code", ["SAFETY.INPUT.TEXT", "SAFETY.OUTPUT.VIDEO", "INPUT_PREPROCESSING.SAFETY.TEXT"]
)
def test_every_safety_code_is_moderation(code: str) -> None:
    task = {"status": "FAILED", "failure": "refused", "failureCode": code}
    assert RUNWAY.parse_poll(answer(200, task)) == Moderated("refused")


def test_a_task_that_was_cancelled_or_erased_is_gone() -> None:
    assert RUNWAY.parse_cancel(HttpResponse(204, {}, b"")) == CancelAccepted()
    for read in (RUNWAY.parse_poll, RUNWAY.parse_cancel):
        assert isinstance(read(answer(404, {"error": "not found"})), Gone)


def test_a_running_task_is_not_cancelled_because_it_is_charged_all_the_same() -> None:
    assert RUNWAY.capabilities.cancel
    assert not RUNWAY.capabilities.cancel_running
    assert RUNWAY.capabilities.cancel_deletes_finished
