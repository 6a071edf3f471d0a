"""Luma's requests beside its SDK's, and what its answers and callbacks mean."""

import json
from typing import Any

import orjson
import pytest
from goldens import JOB, KEY, URL, as_golden, golden
from providers.adapter import adapter
from providers.errors import WebhookError
from providers.http import HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Absent,
    BadCredentials,
    Failed,
    Found,
    Gone,
    InvalidInput,
    Moderated,
    NextPage,
    OutOfQuota,
    Output,
    Progress,
    Succeeded,
    Throttled,
    Unknown,
    Usage,
)
from providers.webhook import WebhookHint

LUMA = adapter("luma")
BASE = f"{URL}/luma/dream-machine/v1"
PAYER = Credential("c", KEY)
FRAMES = ["https://host.invalid/first.png", "https://host.invalid/last.png"]
GIVEN = {"prompt": "a paper boat", "aspect_ratio": "16:9", "duration": 5, "resolution": "540p", "loop": False}
HOOK = "https://host.invalid/hook?attempt=1"
NOON = 1_763_726_400


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, orjson.dumps(body))


def listed(job_id: str, callback: str | None, created: str = "2025-11-21T12:00:00Z") -> dict[str, Any]:
    return {"id": job_id, "created_at": created, "request": {"callback_url": callback}}


def page(*generations: dict[str, Any], more: bool = False) -> HttpResponse:
    return answer(200, {"generations": list(generations), "has_more": more})


def test_a_video_is_asked_for_and_followed_as_the_sdk_does() -> None:
    submission = Submission("ray-flash-2", {**GIVEN, "image_urls": FRAMES}, "corr", HOOK)
    assert as_golden(LUMA.submit(BASE, PAYER, submission)) == golden("luma", "video", "submit")
    assert as_golden(LUMA.poll(BASE, PAYER, JOB)) == golden("luma", "video", "poll")
    lookup = LUMA.lookup(BASE, PAYER, "ray-flash-2", 0, 1)
    assert lookup is not None
    assert as_golden(lookup) == golden("luma", "video", "lookup")


def test_a_picture_is_asked_for_as_the_sdk_does() -> None:
    given = {"prompt": "a paper boat", "aspect_ratio": "1:1", "image_urls": FRAMES[:1]}
    submission = Submission("photon-1", given, "corr", options={"endpoint": "image"})
    assert as_golden(LUMA.submit(BASE, PAYER, submission)) == golden("luma", "image", "submit")


def test_a_template_takes_the_place_of_the_fields_and_leaves_the_callback_alone() -> None:
    template = {"prompt": "{prompt}", "mode": "flex_1", "media": {"url": "{video_url}"}}
    given = {"prompt": "p", "video_url": "https://host.invalid/v.mp4", "duration": 5}
    submission = Submission("ray-2", given, "corr", HOOK, {"endpoint": "video/modify"}, template)
    request = LUMA.submit(BASE, PAYER, submission)
    assert request.url == f"{BASE}/generations/video/modify"
    assert json.loads(request.body) == {
        "model": "ray-2",
        "prompt": "p",
        "mode": "flex_1",
        "media": {"url": "https://host.invalid/v.mp4"},
        "callback_url": f"{HOOK}&correlation=corr",
    }


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, {"detail": "Insufficient credits"}, OutOfQuota("Insufficient credits")),
        (402, {"detail": "Payment required"}, OutOfQuota("Payment required")),
        (429, {"detail": "Too many requests"}, Throttled(3.0)),
        (401, {"detail": "Not authenticated"}, BadCredentials("Not authenticated")),
        (400, {"detail": "Prompt is required"}, InvalidInput("Prompt is required")),
        (
            422,
            {"detail": [{"loc": ["body", "duration"], "msg": "Input should be '5s'", "type": "literal"}]},
            InvalidInput("duration: Input should be '5s'", "duration"),
        ),
        (400, {"detail": "Contains blacklisted words"}, Moderated("Contains blacklisted words")),
        (404, {"detail": "Not Found"}, Failed("http_404", "Not Found")),
        (500, {"detail": "oops"}, Unknown("HTTP 500: oops")),
        (201, {}, Unknown("HTTP 201 with 2 unusable bytes")),
    ],
)
def test_a_refused_submit_says_whose_matter_it_is(status: int, body: Any, outcome: Any) -> None:
    assert LUMA.parse_submit(answer(status, body, **{"retry-after": "3"})) == outcome


@pytest.mark.parametrize(
    ("generation", "outcome"),
    [
        ({"state": "queued"}, Progress("queued")),
        ({"state": "dreaming"}, Progress("running")),
        (
            {
                "state": "completed",
                "assets": {"progress_video": "https://a/p.mp4", "video": "https://a/v.mp4"},
            },
            Succeeded((Output("video", None, "https://a/v.mp4"),), Usage()),
        ),
        (
            {"state": "completed", "assets": {"image": "https://a/i.jpg"}},
            Succeeded((Output("image", None, "https://a/i.jpg"),), Usage()),
        ),
        ({"state": "completed"}, Failed("no_output", "the generation completed without an asset")),
        ({"state": "failed", "failure_reason": "Job failed"}, Failed("failed", "Job failed")),
        (
            {"state": "failed", "failure_reason": "Frame moderation failed"},
            Moderated("Frame moderation failed"),
        ),
        (
            {"state": "failed", "failure_reason": "Failed to read user input frames"},
            InvalidInput("Failed to read user input frames", None, "input_unreachable"),
        ),
        ({"state": "paused"}, Unknown("state paused")),
    ],
)
def test_a_generation_says_where_it_stands(generation: dict[str, Any], outcome: Any) -> None:
    assert LUMA.parse_poll(answer(200, {"id": "g", **generation})) == outcome


def test_a_failure_that_speaks_of_credits_is_about_the_job_and_final() -> None:
    found = LUMA.parse_poll(answer(200, {"state": "failed", "failure_reason": "Insufficient credits"}))
    assert found == Failed("failed", "Insufficient credits")


def test_an_unknown_generation_is_gone() -> None:
    assert LUMA.parse_poll(answer(404, {"detail": "Generation not found"})) == Gone("Generation not found")


def test_a_delete_is_no_cancel() -> None:
    assert LUMA.cancel(BASE, PAYER, JOB) is None
    assert not LUMA.capabilities.cancel


def test_a_lost_generation_is_found_by_the_address_that_it_calls_back() -> None:
    ours, other = listed("g-1", f"{HOOK}&correlation=corr"), listed("g-2", f"{HOOK}&correlation=corr2")
    assert LUMA.parse_lookup(page(other, ours), "corr", NOON) == Found("g-1")
    assert LUMA.parse_lookup(page(other, more=True), "corr", NOON) == NextPage()
    assert LUMA.parse_lookup(page(other), "corr", NOON) == Absent()


def test_a_generation_of_that_time_that_calls_nobody_back_could_be_ours() -> None:
    assert isinstance(LUMA.parse_lookup(page(listed("g", None)), "corr", NOON), Unknown)
    before = listed("g", None, "2025-11-21T11:00:00Z")
    assert LUMA.parse_lookup(page(before), "corr", NOON) == Absent()
    undated = listed("g", None, "yesterday")
    assert isinstance(LUMA.parse_lookup(page(undated), "corr", NOON), Unknown)


def test_a_list_that_does_not_say_whether_it_goes_on_proves_nothing() -> None:
    assert isinstance(LUMA.parse_lookup(answer(200, {"generations": []}), "corr", NOON), Unknown)


@pytest.mark.parametrize(("state", "final"), [("dreaming", False), ("completed", True), ("failed", True)])
def test_a_callback_is_the_generation_and_only_a_hint(state: str, final: bool) -> None:
    body = orjson.dumps({"id": "g-1", "state": state})
    assert LUMA.read_webhook({}, body) == WebhookHint("g-1", final)
    assert LUMA.prove_webhook({}, body, ["key"], NOON) == "unsigned"


def test_a_callback_that_is_no_object_is_refused() -> None:
    with pytest.raises(WebhookError):
        LUMA.read_webhook({}, b"[]")
