from typing import Any

import orjson
import pytest
from providers.adapter import adapter
from providers.errors import ProviderError, WebhookError
from providers.http import HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    BadCredentials,
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
from providers.webhook import WebhookHint

BASE = "https://gateway.example/v1"
VIDEOS = adapter("openai_videos")
GIVEN = {"prompt": "海边日落", "duration": 8}
UNSAFE = "rejected by our safety system"
DONE = {"id": "video_1", "status": "completed", "seconds": "8", "size": "1280x720"}
CONTENT = Output("video", None, "videos/video_1/content", "video/mp4", authenticated=True)


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status, named, body if isinstance(body, bytes) else orjson.dumps(body))


def error(code: str | None = None, kind: str = "", message: str = "m", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **more}}


def asked(given: dict[str, Any], credential: Credential, **more: Any) -> bytes:
    return VIDEOS.submit(BASE, credential, Submission("sora-2", given, "corr", **more)).body


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, "1280x720"),
        ({"aspect_ratio": "9:16"}, "720x1280"),
        ({"size": "9:16", "resolution": "1080p"}, "1080x1920"),
        ({"aspect_ratio": "16:9", "resolution": "1024p"}, "1792x1024"),
        ({"size": "1024x1792", "aspect_ratio": "16:9"}, "1024x1792"),
    ],
)
def test_a_ratio_and_a_resolution_become_a_size(
    credential: Credential, given: dict[str, Any], size: str
) -> None:
    assert f'name="size"\r\n\r\n{size}\r\n'.encode() in asked({**GIVEN, **given}, credential)


def test_seconds_are_text_and_options_give_way_to_the_input(credential: Credential) -> None:
    body = asked(GIVEN, credential, options={"seconds": "4", "provider": "fast"})
    assert body.count(b'name="seconds"\r\n\r\n8\r\n') == 1
    assert b'name="provider"\r\n\r\nfast\r\n' in body


def test_a_template_makes_it_json_and_the_picture_travels_as_an_address(credential: Credential) -> None:
    template = {
        "prompt": "{prompt}",
        "seconds": "{duration}",
        "input_reference": {"image_url": "{image_urls|first}"},
    }
    submission = Submission("m", {**GIVEN, "image_urls": ["https://i/1"]}, "corr", template=template)
    assert VIDEOS.inputs_to_fetch(submission) == ()
    request = VIDEOS.submit(BASE, credential, submission)
    assert request.headers["Content-Type"] == "application/json"
    assert orjson.loads(request.body) == {
        "model": "m",
        "prompt": "海边日落",
        "seconds": 8,
        "input_reference": {"image_url": "https://i/1"},
    }


def test_a_picture_that_was_not_fetched_is_our_own_fault(credential: Credential) -> None:
    with pytest.raises(ProviderError) as caught:
        asked({**GIVEN, "image_urls": ["https://i/1"]}, credential)
    assert caught.value.code == "input_not_fetched"


@pytest.mark.parametrize(
    "body",
    [
        {"id": "video_1"},
        {"task_id": "video_1"},
        {"data": {"id": "video_1"}},
        {"id": "", "task_id": "video_1"},
    ],
)
def test_a_gateway_may_name_the_job_in_its_own_way(body: dict[str, Any]) -> None:
    assert VIDEOS.parse_submit(answer(200, body)) == Accepted("video_1")


def test_ids_in_base64_keep_every_character(credential: Credential) -> None:
    job_id = "video_bGl0ZWxsbTpjdXN0b21fbGxtX3Byb3ZpZGVyOm9wZW5haQ+/=="
    assert VIDEOS.parse_submit(answer(200, {"id": job_id})) == Accepted(job_id)
    url = VIDEOS.poll(BASE, credential, job_id).url
    assert url == f"{BASE}/videos/{job_id.replace('+', '%2B').replace('/', '%2F').replace('=', '%3D')}"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (401, error("invalid_api_key"), BadCredentials("m")),
        (403, error(None, "request_forbidden"), BadCredentials("m")),
        (404, error("model_not_found"), Failed("model_not_found", "m")),
        (400, error("invalid_value", "invalid_request_error", param="seconds"), InvalidInput("m", "seconds")),
        (400, error("moderation_blocked", "image_generation_user_error"), Moderated("m")),
        (400, error(None, "invalid_request_error", UNSAFE), Moderated(UNSAFE)),
        (429, error("rate_limit_exceeded", "requests"), Throttled(None)),
        (429, error("insufficient_quota", "insufficient_quota"), OutOfQuota("m")),
        (429, error("billing_hard_limit_reached"), OutOfQuota("m")),
        (429, error(None, "insufficient_quota"), OutOfQuota("m")),
        (403, {"code": "insufficient_user_quota", "message": "m", "data": None}, OutOfQuota("m")),
        (400, error("400", "budget_exceeded"), OutOfQuota("m")),
        (402, b"", OutOfQuota("HTTP 402 with 0 unusable bytes")),
        (400, {"error": "prompt is missing"}, InvalidInput("prompt is missing")),
        (503, error("server_is_overloaded"), Throttled(None)),
    ],
)  # fmt: skip
def test_a_refusal_of_a_submit_is_definite(status: int, body: Any, outcome: object) -> None:
    assert VIDEOS.parse_submit(answer(status, body)) == outcome


def test_the_wait_is_read_to_the_millisecond() -> None:
    limited = error("rate_limit_exceeded")
    assert VIDEOS.parse_submit(answer(429, limited, retry_after_ms="1500", retry_after="2")) == Throttled(1.5)
    assert VIDEOS.parse_submit(answer(429, limited, retry_after="2")) == Throttled(2.0)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, {"error": "none"}),
        (200, {"id": "../x"}),
        (302, b""),
        (408, error()),
        (409, error("conflict")),
        (425, error()),
        (500, error(None, "server_error")),
        (503, error(None, "server_error", "try again")),
        (504, b"<html>"),
    ],
)
def test_a_submit_that_may_have_been_taken_is_unknown(status: int, body: Any) -> None:
    assert isinstance(VIDEOS.parse_submit(answer(status, body)), Unknown)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"status": "queued", "progress": 0}, Progress("queued", 0)),
        ({"status": "in_progress", "progress": 42}, Progress("running", 42)),
        ({"status": "processing", "progress": "30%"}, Progress("running", 30)),
        ({"status": "IN_PROGRESS", "progress": 250}, Progress("running", 100)),
        ({"status": "NOT_START"}, Progress("queued", None)),
        ({"data": {"status": "SUBMITTED"}, "code": "success"}, Progress("queued", None)),
        ({"status": "cancelled"}, Cancelled()),
    ],
)
def test_every_gateways_word_for_a_state_is_understood(body: dict[str, Any], outcome: object) -> None:
    assert VIDEOS.parse_poll(answer(200, body)) == outcome


@pytest.mark.parametrize("status", ["unknown", "", None, 7, "resting"])
def test_a_state_that_says_nothing_is_asked_for_again(status: Any) -> None:
    assert isinstance(VIDEOS.parse_poll(answer(200, {"id": "video_1", "status": status})), Unknown)


def test_a_finished_video_is_downloaded_below_our_own_base_with_the_key(credential: Credential) -> None:
    found = VIDEOS.parse_poll(answer(200, DONE))
    assert found == Succeeded((CONTENT,), Usage(output_seconds=8, width=1280, height=720))
    request = VIDEOS.fetch(BASE, credential, CONTENT.url)
    assert request.url == f"{BASE}/videos/video_1/content"
    assert request.headers == {"Authorization": "Bearer secret-key"}


@pytest.mark.parametrize(
    "more",
    [
        {"metadata": {"url": "https://cdn/v.mp4"}},
        {"video_url": "https://cdn/v.mp4"},
        {"url": "https://cdn/v.mp4"},
        {"output": {"video_url": "https://cdn/v.mp4"}},
    ],
)
def test_a_gateways_own_link_is_taken_and_gets_no_key_elsewhere(
    credential: Credential, more: dict[str, Any]
) -> None:
    found = VIDEOS.parse_poll(answer(200, {**DONE, **more}))
    assert isinstance(found, Succeeded)
    assert found.outputs == (Output("video", None, "https://cdn/v.mp4", "video/mp4"),)
    assert VIDEOS.fetch(BASE, credential, "https://cdn/v.mp4").headers == {}
    at_home = VIDEOS.fetch(BASE, credential, "https://gateway.example/files/v.mp4")
    assert at_home.headers == {"Authorization": "Bearer secret-key"}


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"code": "server_error", "message": "m"}, Failed("server_error", "m")),
        ({"code": "moderation_blocked", "message": "m"}, Moderated("m")),
        ({"code": "content_policy_violation", "message": "m"}, Moderated("m")),
        ({"code": "insufficient_quota", "message": "m"}, Failed("insufficient_quota", "m")),
        ({"code": "rate_limit_exceeded", "message": "m"}, Failed("rate_limit_exceeded", "m")),
        ({"code": "invalid_value", "message": "m", "param": "size"}, InvalidInput("m", "size")),
        ("out of memory", Failed("failed", "out of memory")),
        (None, Failed("failed", "the job failed without a reason")),
    ],
)
def test_a_failed_video_is_about_the_job_never_about_the_call(fault: Any, outcome: object) -> None:
    assert VIDEOS.parse_poll(answer(200, {"id": "video_1", "status": "failed", "error": fault})) == outcome


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (404, error("not_found", "invalid_request_error"), Gone("m")),
        (400, {"code": "task_not_exist", "message": "m", "data": None}, Gone("m")),
        (401, error("invalid_api_key"), BadCredentials("m")),
        (429, error("insufficient_quota"), OutOfQuota("m")),
        (429, error("rate_limit_exceeded"), Throttled(None)),
    ],
)
def test_a_refused_poll_is_about_the_call(status: int, body: Any, outcome: object) -> None:
    assert VIDEOS.parse_poll(answer(status, body)) == outcome


@pytest.mark.parametrize(("status", "body"), [(404, b"<html>"), (400, error("x")), (500, b""), (503, b"")])
def test_a_poll_without_an_answer_of_its_own_is_asked_again(status: int, body: Any) -> None:
    assert isinstance(VIDEOS.parse_poll(answer(status, body)), Unknown)


def test_a_webhook_carries_only_an_id() -> None:
    body = b'{"id":"evt_1","object":"event","created_at":1,"type":"video.completed","data":{"id":"video_1"}}'
    assert VIDEOS.read_webhook({}, body) == WebhookHint("video_1", final=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"type":"batch.completed","data":{"id":"batch_1"}}',
        b'{"type":"video.completed","data":{}}',
        b'{"type":[],"data":{"id":"video_1"}}',
    ],
)
def test_an_event_about_something_else_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookError):
        VIDEOS.read_webhook({}, body)


def test_there_is_no_cancel_and_no_lookup(credential: Credential) -> None:
    assert VIDEOS.cancel(BASE, credential, "video_1") is None
    assert VIDEOS.lookup(BASE, credential, "sora-2", 0, 1) is None
