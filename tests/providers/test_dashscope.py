from fractions import Fraction
from typing import Any

import orjson
import pytest
from providers.adapter import adapter
from providers.errors import WebhookError
from providers.http import HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    BadCredentials,
    CancelAccepted,
    Cancelled,
    CancelRefused,
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

BASE = "https://dashscope.example/api/v1"
DASHSCOPE = adapter("dashscope")
GIVEN = {
    "image_urls": ["https://example.com/portrait.jpg"],
    "audio": True,
    "duration": 5,
    "shot_type": "single",
    "watermark": False,
    "resolution": "1080p",
    "prompt_extend": True,
}


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, body if isinstance(body, bytes) else orjson.dumps(body))


def error(code: str, message: str = "m") -> dict[str, Any]:
    return {"code": code, "message": message, "request_id": "r"}


def failed(code: str) -> dict[str, Any]:
    return {"task_status": "FAILED", **error(code)}


def test_a_submit_is_exactly_this_request(credential: Credential) -> None:
    given = {
        **GIVEN,
        "prompt": "turn and smile",
        "negative_prompt": "blur",
        "template": "flying",
        "audio_url": "https://a/1.mp3",
        "seed": 7,
    }
    submission = Submission("wan2.6-i2v-flash", given, "corr-1", "https://ignored.example")
    request = DASHSCOPE.submit(BASE, credential, submission)
    assert request.method == "POST"
    assert request.url == f"{BASE}/services/aigc/video-generation/video-synthesis"
    assert request.headers == {
        "Authorization": "Bearer secret-key",
        "X-DashScope-Async": "enable",
        "Content-Type": "application/json",
    }
    assert orjson.loads(request.body) == {
        "model": "wan2.6-i2v-flash",
        "input": {
            "prompt": "turn and smile",
            "negative_prompt": "blur",
            "template": "flying",
            "img_url": "https://example.com/portrait.jpg",
            "audio_url": "https://a/1.mp3",
        },
        "parameters": {
            "resolution": "1080P",
            "duration": 5,
            "shot_type": "single",
            "prompt_extend": True,
            "watermark": False,
            "audio": True,
            "seed": 7,
        },
    }


def test_a_custom_audio_is_ignored_if_no_audio_is_asked_for(credential: Credential) -> None:
    given = {**GIVEN, "audio": False, "audio_url": "https://a/1.mp3"}
    body = orjson.loads(DASHSCOPE.submit(BASE, credential, Submission("m", given, "c")).body)
    assert body["input"] == {"img_url": "https://example.com/portrait.jpg"}
    assert body["parameters"]["audio"] is False


def test_poll_and_cancel_name_the_task(credential: Credential) -> None:
    poll, cancel = DASHSCOPE.poll(BASE, credential, "t-1"), DASHSCOPE.cancel(BASE, credential, "t-1")
    assert cancel is not None
    assert (poll.method, poll.url) == ("GET", f"{BASE}/tasks/t-1")
    assert (cancel.method, cancel.url) == ("POST", f"{BASE}/tasks/t-1/cancel")


def test_there_is_no_lookup_and_no_webhook_and_the_key_stays_home(credential: Credential) -> None:
    assert DASHSCOPE.lookup(BASE, credential, "m", 0, 1) is None
    assert not DASHSCOPE.capabilities.lookup
    assert not DASHSCOPE.capabilities.webhooks
    assert DASHSCOPE.fetch(BASE, credential, "https://dashscope.example/v.mp4").headers == {}
    with pytest.raises(WebhookError):
        DASHSCOPE.read_webhook({}, b"{}")


def test_a_task_id_is_an_accepted_job() -> None:
    body = {"output": {"task_status": "PENDING", "task_id": "0385dc79-5ff8"}, "request_id": "r"}
    assert DASHSCOPE.parse_submit(answer(200, body)) == Accepted("0385dc79-5ff8")


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (400, "InvalidParameter", InvalidInput("m")),
        (400, "InvalidURL", InvalidInput("m", None, "input_unreachable")),
        (400, "DataInspectionFailed", Moderated("m")),
        (400, "IPInfringementSuspect", Moderated("m")),
        (400, "Arrearage", OutOfQuota("m")),
        (400, "UnsupportedOperation", Failed("UnsupportedOperation", "m")),
        (401, "InvalidApiKey", BadCredentials("m")),
        (403, "AccessDenied", BadCredentials("m")),
        (403, "AccessDenied.Unpurchased", OutOfQuota("m")),
        (403, "Model.AccessDenied", BadCredentials("m")),
        (403, "Workspace.AccessDenied", BadCredentials("m")),
        (403, "AllocationQuota.FreeTierOnly", OutOfQuota("m")),
        (404, "ModelNotFound", Failed("ModelNotFound", "m")),
        (429, "Throttling", Throttled(None)),
        (429, "Throttling.RateQuota", Throttled(None)),
        (429, "Throttling.AllocationQuota", Throttled(None)),
        (429, "LimitRequests", Throttled(None)),
        (429, "PrepaidBillOverdue", OutOfQuota("m")),
        (429, "PostpaidBillOverdue", OutOfQuota("m")),
        (429, "CommodityNotPurchased", OutOfQuota("m")),
        (503, "ModelUnavailable", Throttled(None)),
    ],
)
def test_a_documented_refusal_of_a_submit_is_definite(status: int, code: str, outcome: object) -> None:
    assert DASHSCOPE.parse_submit(answer(status, error(code))) == outcome


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, {"output": None}),
        (200, {"output": {"task_status": "PENDING"}}),
        (200, b'{"output": {"task_id": "t'),
        (200, b"<html></html>"),
        (500, error("InternalError")),
        (500, error("InternalError.Timeout")),
        (502, b"<html></html>"),
    ],
)
def test_a_submit_that_may_have_been_taken_is_unknown(status: int, body: Any) -> None:
    assert isinstance(DASHSCOPE.parse_submit(answer(status, body)), Unknown)


@pytest.mark.parametrize(
    ("output", "outcome"),
    [
        ({"task_status": "PENDING"}, Progress("queued")),
        ({"task_status": "SUSPENDED"}, Progress("queued")),
        ({"task_status": "RUNNING"}, Progress("running")),
        ({"task_status": "CANCELED"}, Cancelled()),
        (failed("InternalError"), Failed("InternalError", "m")),
        (failed("InternalError.Algo"), Failed("InternalError.Algo", "m")),
        (failed("DataInspectionFailed"), Moderated("m")),
        (failed("InvalidParameter.Size"), InvalidInput("m")),
        (failed("InvalidURL.ConnectionRefused"), InvalidInput("m", None, "input_unreachable")),
        (failed("Arrearage"), Failed("Arrearage", "m")),
        (failed("Throttling.RateQuota"), Failed("Throttling.RateQuota", "m")),
        ({"task_status": "FAILED"}, Failed("failed", "the task failed without a reason")),
        ({"task_status": "SUCCEEDED"}, Failed("no_output", "the task succeeded without a video_url")),
    ],
)  # fmt: skip
def test_every_task_status_is_http_200_and_says_where_the_job_stands(
    output: dict[str, Any], outcome: object
) -> None:
    body = {"request_id": "r", "output": {"task_id": "t-1", **output}}
    assert DASHSCOPE.parse_poll(answer(200, body)) == outcome


def test_an_unknown_task_is_gone_although_the_answer_is_200() -> None:
    body = {"request_id": "r", "output": {"task_id": "t-1", "task_status": "UNKNOWN"}}
    assert isinstance(DASHSCOPE.parse_poll(answer(200, body)), Gone)


def test_a_success_names_the_video_and_the_usage() -> None:
    body = {
        "output": {"task_status": "SUCCEEDED", "video_url": "https://oss/v.mp4?sig=1"},
        "usage": {"duration": 5, "size": "1920*1080", "input_video_duration": 0, "output_video_duration": 5},
    }
    assert DASHSCOPE.parse_poll(answer(200, body)) == Succeeded(
        (Output("video", None, "https://oss/v.mp4?sig=1"),),
        Usage(output_seconds=5, input_seconds=0, width=1920, height=1080),
    )


def test_usage_seconds_are_exact() -> None:
    body = {
        "output": {"task_status": "SUCCEEDED", "video_url": "https://oss/v.mp4"},
        "usage": {"duration": 4.96},
    }
    found = DASHSCOPE.parse_poll(answer(200, body))
    assert isinstance(found, Succeeded)
    assert found.usage == Usage(output_seconds=Fraction(124, 25))
    assert found.usage.as_dict() == {"output_seconds": "124/25"}


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (401, "InvalidApiKey", BadCredentials("m")),
        (400, "Arrearage", OutOfQuota("m")),
        (429, "Throttling", Throttled(None)),
        (429, "PostpaidBillOverdue", OutOfQuota("m")),
    ],
)
def test_a_refused_poll_is_about_the_call(status: int, code: str, outcome: object) -> None:
    assert DASHSCOPE.parse_poll(answer(status, error(code))) == outcome


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"null"),
        (200, {"output": []}),
        (200, {"output": {"task_status": "NOVEL"}}),
        (200, {"output": {}}),
        (400, error("InvalidParameter")),
        (400, error("DataInspectionFailed")),
        (404, b"<html></html>"),
        (500, error("InternalError")),
    ],
)
def test_a_poll_that_says_nothing_about_the_job_is_asked_again(status: int, body: Any) -> None:
    assert isinstance(DASHSCOPE.parse_poll(answer(status, body)), Unknown)


def test_a_cancel_is_taken_only_while_the_task_waits() -> None:
    assert DASHSCOPE.parse_cancel(answer(200, {"request_id": "r"})) == CancelAccepted()
    assert DASHSCOPE.parse_cancel(answer(400, error("UnsupportedOperation"))) == CancelRefused("m")
    assert DASHSCOPE.parse_cancel(answer(400, error("Arrearage"))) == CancelRefused("m")
    assert isinstance(DASHSCOPE.parse_cancel(answer(500, b"")), Unknown)
