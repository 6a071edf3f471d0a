from typing import Any

import orjson
import pytest
from providers.adapter import adapter
from providers.http import HttpResponse
from providers.outcomes import (
    Absent,
    Accepted,
    BadCredentials,
    CancelAccepted,
    Cancelled,
    CancelRefused,
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

ARK = adapter("ark")
SINCE = 1_750_000_000
NO_OUTPUT = Failed("no_output", "the task succeeded without a video_url")


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, body if isinstance(body, bytes) else orjson.dumps(body))


def error(code: str, message: str = "m", **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **more}}


def failed(code: str) -> dict[str, Any]:
    return {"status": "failed", **error(code)}


def test_an_id_is_an_accepted_task() -> None:
    assert ARK.parse_submit(answer(200, {"id": "cgt-1", "safety_identifier": None})) == Accepted("cgt-1")


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, error("MissingParameter", param="content"), InvalidInput("m", "content")),
        (400, error("InvalidParameter.ratio", param="ratio"), InvalidInput("m", "ratio")),
        (
            400,
            error("InvalidParameter", "failed to download image"),
            InvalidInput("failed to download image", None, "input_unreachable"),
        ),
        (400, error("InputTextSensitiveContentDetected"), Moderated("m")),
        (400, error("InputImageSensitiveContentDetected.PrivacyInformation"), Moderated("m")),
        (401, error("AuthenticationError"), BadCredentials("m")),
        (403, error("AccountOverdueError"), OutOfQuota("m")),
        (403, error("AccessDenied"), BadCredentials("m")),
        (404, error("InvalidEndpointOrModel.NotFound"), Failed("InvalidEndpointOrModel.NotFound", "m")),
        (404, error("ModelNotOpen"), Failed("ModelNotOpen", "m")),
        (429, error("ModelAccountRpmRateLimitExceeded"), Throttled(None)),
        (429, error("ServerOverloaded"), Throttled(None)),
        (429, error("RequestBurstTooFast"), Throttled(None)),
        (429, error("QuotaExceeded"), OutOfQuota("m")),
        (429, error("SetLimitExceeded"), OutOfQuota("m")),
        (429, b"<html>slow down</html>", Throttled(None)),
        (503, error("ServerOverloaded"), Throttled(None)),
    ],
)
def test_a_documented_refusal_of_a_submit_is_definite(status: int, body: Any, outcome: object) -> None:
    assert ARK.parse_submit(answer(status, body)) == outcome


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"null"),
        (200, {}),
        (200, {"id": None}),
        (200, {"id": "a\x00b"}),
        (200, b'{"id": "cgt-'),
        (200, b"<html></html>"),
        (302, b""),
        (408, b""),
        (500, error("InternalServiceError")),
        (502, b"<html>Bad Gateway</html>"),
        (504, b""),
    ],
)
def test_a_submit_that_may_have_been_taken_is_unknown(status: int, body: Any) -> None:
    assert isinstance(ARK.parse_submit(answer(status, body)), Unknown)


def test_throttling_says_how_long_to_wait() -> None:
    assert ARK.parse_submit(answer(429, {}, **{"retry-after": "7"})) == Throttled(7.0)
    assert ARK.parse_submit(answer(429, {}, **{"retry-after": "Fri, 20 Nov 2026 10:00 GMT"})) == Throttled(
        None
    )


@pytest.mark.parametrize(
    ("task", "outcome"),
    [
        ({"status": "queued"}, Progress("queued")),
        ({"status": "running", "content": None, "error": None}, Progress("running")),
        ({"status": "cancelled"}, Cancelled()),
        (failed("InternalServiceError"), Failed("InternalServiceError", "m")),
        (failed("OutputVideoSensitiveContentDetected.PolicyViolation"), Moderated("m")),
        (failed("InvalidParameter"), InvalidInput("m")),
        (failed("ServerOverloaded"), Failed("ServerOverloaded", "m")),
        ({"status": "failed", "error": None}, Failed("failed", "the task failed without a reason")),
        ({"status": "succeeded", "content": None}, NO_OUTPUT),
    ],
)  # fmt: skip
def test_a_task_object_says_where_the_job_stands(task: dict[str, Any], outcome: object) -> None:
    assert ARK.parse_poll(answer(200, {"id": "cgt-1", **task})) == outcome


def test_an_expired_task_has_failed() -> None:
    expired = ARK.parse_poll(answer(200, {"status": "expired"}))
    assert isinstance(expired, Failed)
    assert expired.code == "expired"


def test_a_success_names_video_last_frame_and_usage() -> None:
    task = {
        "id": "cgt-1",
        "status": "succeeded",
        "content": {
            "video_url": "https://tos/v.mp4?sig=1",
            "last_frame_url": "https://tos/l.png",
            "file_url": None,
        },
        "usage": {"completion_tokens": 108000, "total_tokens": 108000},
        "resolution": "720p",
        "ratio": "16:9",
        "duration": 5,
        "framespersecond": 24,
    }
    assert ARK.parse_poll(answer(200, task)) == Succeeded(
        (
            Output("video", None, "https://tos/v.mp4?sig=1"),
            Output("image", "last_frame", "https://tos/l.png"),
        ),
        Usage(output_seconds=5, tokens=108000, width=1280, height=720, fps=24),
    )


def test_a_success_of_an_unknown_size_leaves_the_size_open() -> None:
    task = {
        "status": "succeeded",
        "content": {"video_url": "https://tos/v.mp4"},
        "ratio": "adaptive",
        "usage": None,
    }
    assert ARK.parse_poll(answer(200, task)) == Succeeded(
        (Output("video", None, "https://tos/v.mp4"),), Usage()
    )


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (401, error("AuthenticationError"), BadCredentials("m")),
        (403, error("AccountOverdueError"), OutOfQuota("m")),
        (404, error("NotFound"), Gone("m")),
        (429, error("AccountRateLimitExceeded"), Throttled(None)),
    ],
)
def test_a_refused_poll_is_about_the_call(status: int, body: Any, outcome: object) -> None:
    assert ARK.parse_poll(answer(status, body)) == outcome


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"null"),
        (200, {}),
        (200, {"status": "novel"}),
        (200, {"status": None}),
        (400, error("InvalidParameter")),
        (404, b"<html>404</html>"),
        (500, error("InternalServiceError")),
        (503, b""),
    ],
)
def test_a_poll_that_says_nothing_about_the_job_is_asked_again(status: int, body: Any) -> None:
    assert isinstance(ARK.parse_poll(answer(status, body)), Unknown)


def test_a_cancel_is_taken_or_refused() -> None:
    assert ARK.parse_cancel(answer(200, {})) == CancelAccepted()
    assert ARK.parse_cancel(answer(204, b"")) == CancelAccepted()
    assert ARK.parse_cancel(answer(409, error("TaskRunningCannotCancel"))) == CancelRefused("m")
    assert ARK.parse_cancel(answer(404, error("NotFound"))) == Gone("m")
    assert isinstance(ARK.parse_cancel(answer(500, b"")), Unknown)


def item(number: int, created_at: int | None, correlation: str | None = "other") -> dict[str, Any]:
    return {"id": f"cgt-{number}", "created_at": created_at, "safety_identifier": correlation}


@pytest.mark.parametrize(
    ("items", "outcome"),
    [
        ([item(1, SINCE + 9), item(2, SINCE + 1, "mine")], Found("cgt-2")),
        ([item(1, SINCE - 9000, "mine")], Found("cgt-1")),
        ([], Absent()),
        ([item(1, SINCE + 9), item(2, SINCE - 9000)], Absent()),
        ([item(1, SINCE + 9), item(2, SINCE + 1)], NextPage()),
        ([item(1, SINCE - 60)], NextPage()),  # within what clocks may differ by
        ([item(1, SINCE - 9000), item(2, SINCE + 9), item(3, SINCE - 9000)], NextPage()),  # not sorted
        ([item(1, SINCE - 9000), item(2, None)], NextPage()),
        ([None, 7, item(1, SINCE + 1)], NextPage()),
    ],
)  # fmt: skip
def test_a_lookup_is_absent_only_when_every_job_since_then_was_seen(
    items: list[Any], outcome: object
) -> None:
    assert ARK.parse_lookup(answer(200, {"total": 9, "items": items}), "mine", SINCE) == outcome


def test_an_empty_list_may_come_without_items() -> None:
    assert ARK.parse_lookup(answer(200, {"total": 0, "items": None}), "mine", SINCE) == Absent()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, {"total": 3}),
        (200, {"items": {}}),
        (500, {"items": []}),
        (404, b""),
        (200, {"items": [{"safety_identifier": "mine", "id": None}]}),
    ],
)
def test_a_lookup_that_was_not_answered_proves_nothing(status: int, body: Any) -> None:
    assert isinstance(ARK.parse_lookup(answer(status, body), "mine", SINCE), Unknown)
