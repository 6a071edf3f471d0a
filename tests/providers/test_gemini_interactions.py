from base64 import b64encode
from typing import Any

import orjson
import pytest
from providers.adapter import adapter
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

BASE = "https://generativelanguage.example/v1beta"
OMNI = adapter("gemini_interactions")
MODEL, JOB = "gemini-omni-1.1-flash", "v1_ChdabcDEF-_9=="
URI = "https://g/v1beta/files/abc:download?alt=media"
GIVEN = {"prompt": "海边", "duration": 8, "resolution": "720p", "aspect_ratio": "16:9", "enable_gif": True}


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, body if isinstance(body, bytes) else orjson.dumps(body))


def error(code: str | int, message: str = "m") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def interaction(status: str, *contents: dict[str, Any], **more: Any) -> HttpResponse:
    steps = [{"type": "model_output", "content": list(contents)}] if contents else []
    return answer(200, {"id": JOB, "status": status, "steps": steps, **more})


def test_a_submit_is_exactly_this_request_and_in_the_background(credential: Credential) -> None:
    given = {**GIVEN, "image_urls": ["https://i/1.png"]}
    submission = Submission(MODEL, given, "corr-1", fetched={"https://i/1.png": ("image/png", b"one")})
    assert OMNI.inputs_to_fetch(submission) == ("https://i/1.png",)
    request = OMNI.submit(BASE, credential, submission)
    assert (request.method, request.url) == ("POST", f"{BASE}/interactions")
    assert request.headers == {"x-goog-api-key": "secret-key", "Content-Type": "application/json"}
    image = {"type": "image", "data": b64encode(b"one").decode(), "mime_type": "image/png"}
    assert orjson.loads(request.body) == {
        "model": MODEL,
        "input": [{"type": "user_input", "content": [image, {"type": "text", "text": "海边"}]}],
        "background": True,
        "response_format": {
            "type": "video",
            "delivery": "uri",
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "duration": "8s",
        },
    }


def test_an_id_is_an_accepted_job_whatever_its_state() -> None:
    assert OMNI.parse_submit(interaction("in_progress")) == Accepted(JOB)
    assert isinstance(OMNI.parse_submit(answer(200, {"status": "in_progress"})), Unknown)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, error("invalid_request"), InvalidInput("m")),
        (
            400,
            error("invalid_request", "blocked for safety reasons"),
            Moderated("blocked for safety reasons"),
        ),
        (400, error("prohibited_content"), Moderated("m")),
        (401, error("authentication"), BadCredentials("m")),
        (404, error("not_found"), Failed("NOT_FOUND", "m")),
        (429, error("rate_limit_exceeded"), Throttled(None)),
        (429, error("quota_exceeded", "check your billing"), OutOfQuota("check your billing")),
        (400, [{"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT"}}], InvalidInput("m")),
    ],
)
def test_a_documented_refusal_of_a_submit_is_definite(status: int, body: Any, outcome: object) -> None:
    assert OMNI.parse_submit(answer(status, body)) == outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("queued", Progress("queued")),
        ("in_progress", Progress("running")),
        ("cancelled", Cancelled()),
        ("incomplete", Failed("incomplete", "the interaction ended as incomplete")),
        ("budget_exceeded", Failed("budget_exceeded", "the interaction ended as budget_exceeded")),
        ("requires_action", Failed("requires_action", "the interaction ended as requires_action")),
        ("something_new", Unknown("status something_new")),
    ],
)
def test_each_status_has_its_outcome(status: str, outcome: object) -> None:
    assert OMNI.parse_poll(interaction(status)) == outcome


def test_a_video_is_a_file_that_takes_the_key_or_comes_inline_although_a_uri_was_asked_for() -> None:
    usage = {"total_output_tokens": 46336}
    by_uri = interaction("completed", {"type": "video", "uri": URI, "mime_type": "video/mp4"}, usage=usage)
    output = Output("video", None, URI, "video/mp4", authenticated=True)
    assert OMNI.parse_poll(by_uri) == Succeeded((output,), Usage(tokens=46336))
    inline = interaction("completed", {"type": "video", "data": b64encode(b"mp4").decode()})
    assert OMNI.parse_poll(inline) == Succeeded(
        (Output("video", None, "", "video/mp4", content=b"mp4"),), Usage()
    )


def test_a_completed_interaction_that_only_speaks_was_refused_by_policy() -> None:
    assert OMNI.parse_poll(interaction("completed", {"type": "text", "text": "I can't."})) == Moderated(
        "I can't."
    )


def test_a_video_that_was_made_but_is_nowhere_is_a_failure_not_a_refusal() -> None:
    usage = {"output_tokens_by_modality": [{"modality": "video", "tokens": 5}]}
    found = OMNI.parse_poll(interaction("completed", {"type": "text", "text": "Here it is."}, usage=usage))
    assert isinstance(found, Failed)
    assert found.code == "no_output"


def test_what_the_user_said_is_no_output() -> None:
    steps = [{"type": "user_input", "content": [{"type": "video", "uri": URI}]}]
    found = OMNI.parse_poll(answer(200, {"id": JOB, "status": "completed", "steps": steps}))
    assert isinstance(found, Failed)


@pytest.mark.parametrize(
    ("errors", "outcome"),
    [
        ([{"code": "internal", "message": "m"}], Failed("INTERNAL", "m")),
        ([{"code": "SAFETY", "message": "m"}], Moderated("m")),
        ([], Failed("failed", "the operation failed without a reason")),
    ],
)
def test_a_failed_interaction_says_why(errors: list[Any], outcome: object) -> None:
    assert OMNI.parse_poll(interaction("failed", errors=errors)) == outcome


def test_an_unknown_interaction_is_a_400_that_says_so_and_no_other_400_is() -> None:
    gone = error("invalid_request", "Invalid interaction name: v1_x.")
    assert isinstance(OMNI.parse_poll(answer(400, gone)), Gone)
    assert isinstance(OMNI.parse_poll(answer(404, error("not_found"))), Gone)
    assert isinstance(OMNI.parse_poll(answer(400, error("invalid_request"))), Unknown)


def test_a_cancel_is_a_post_without_a_body(credential: Credential) -> None:
    request = OMNI.cancel(BASE, credential, "v1_abc")
    assert request is not None
    assert (request.method, request.url, request.body) == ("POST", f"{BASE}/interactions/v1_abc/cancel", b"")
    assert OMNI.parse_cancel(interaction("cancelled")) == CancelAccepted()
    assert OMNI.parse_cancel(answer(400, error("failed_precondition"))) == CancelRefused("m")
    assert isinstance(OMNI.parse_cancel(answer(503, b"")), Unknown)
