from base64 import b64encode
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
GEMINI = adapter("gemini")
MODEL = "veo-3.1-generate-preview"
NAME = f"models/{MODEL}/operations/op-1"
GIVEN = {
    "prompt": "海边日落",
    "duration": 8,
    "resolution": "720p",
    "aspect_ratio": "16:9",
    "enable_gif": True,
    "generation_type": "frame",
}
VIOLATION = "it violates our usage guidelines"
UNPAID = "check your plan and billing details"
FILTERED = "the content policy filtered the video"
FRAMES = ["https://i/1.png", "https://i/2.jpg"]


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, body if isinstance(body, bytes) else orjson.dumps(body))


def error(code: int, status: str, message: str = "m", details: list[Any] | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": details or []}}


def test_a_text_submit_is_exactly_this_request(credential: Credential) -> None:
    request = GEMINI.submit(BASE, credential, Submission(MODEL, GIVEN, "corr-1", "https://ignored.example"))
    assert (request.method, request.url) == ("POST", f"{BASE}/models/{MODEL}:predictLongRunning")
    assert request.headers == {"x-goog-api-key": "secret-key", "Content-Type": "application/json"}
    assert orjson.loads(request.body) == {
        "instances": [{"prompt": "海边日落"}],
        "parameters": {"sampleCount": 1, "durationSeconds": 8, "resolution": "720p", "aspectRatio": "16:9"},
    }


def test_two_images_are_fetched_first_and_travel_as_first_and_last_frame(credential: Credential) -> None:
    given = {**GIVEN, "image_urls": FRAMES}
    fetched = {FRAMES[0]: ("image/png", b"one"), FRAMES[1]: ("image/jpeg", b"two")}
    submission = Submission(MODEL, given, "corr-1", fetched=fetched)
    assert GEMINI.inputs_to_fetch(submission) == tuple(FRAMES)
    assert orjson.loads(GEMINI.submit(BASE, credential, submission).body)["instances"] == [
        {
            "prompt": "海边日落",
            "image": {"bytesBase64Encoded": b64encode(b"one").decode(), "mimeType": "image/png"},
            "lastFrame": {"bytesBase64Encoded": b64encode(b"two").decode(), "mimeType": "image/jpeg"},
        }
    ]


def test_an_image_that_was_not_fetched_is_our_own_fault(credential: Credential) -> None:
    with pytest.raises(ProviderError) as caught:
        GEMINI.submit(BASE, credential, Submission(MODEL, {**GIVEN, "image_urls": FRAMES[:1]}, "c"))
    assert caught.value.code == "input_not_fetched"


def test_a_poll_asks_for_the_operation_by_name(credential: Credential) -> None:
    request = GEMINI.poll(BASE, credential, NAME)
    assert (request.method, request.url) == ("GET", f"{BASE}/{NAME}")
    assert request.headers == {"x-goog-api-key": "secret-key"}


@pytest.mark.parametrize(
    "uri",
    [
        f"{BASE}/files/abc123:download?alt=media",
        "https://some.other.host/v1beta/files/abc123:download?alt=media",
        "https://some.other.host/v1beta/files/abc123",
    ],
)
def test_a_file_is_downloaded_from_our_base_url_with_the_key(credential: Credential, uri: str) -> None:
    request = GEMINI.fetch(BASE, credential, uri)
    assert request.url == f"{BASE}/files/abc123:download?alt=media"
    assert request.headers == {"x-goog-api-key": "secret-key"}


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://generativelanguage.example/other.mp4", True),
        ("https://generativelanguage.example:443/other.mp4", True),
        ("https://GENERATIVELANGUAGE.example/other.mp4", True),
        ("http://generativelanguage.example/other.mp4", False),
        ("https://generativelanguage.example:8443/other.mp4", False),
        ("https://generativelanguage.example.evil/other.mp4", False),
        ("https://evil@other/other.mp4", False),
        ("https://generativelanguage.example@evil/other.mp4", False),
        ("not a url", False),
        ("https://[bad/files/x", False),
    ],
)
def test_the_key_goes_only_to_the_providers_own_origin(credential: Credential, url: str, key: bool) -> None:
    request = GEMINI.fetch(BASE, credential, url)
    assert request.url == url
    assert ("x-goog-api-key" in request.headers) is key


def test_there_is_no_cancel_lookup_or_webhook(credential: Credential) -> None:
    assert GEMINI.cancel(BASE, credential, NAME) is None
    assert isinstance(GEMINI.parse_cancel(answer(200, {})), CancelRefused)
    assert GEMINI.lookup(BASE, credential, MODEL, 0, 1) is None
    assert isinstance(GEMINI.parse_lookup(answer(200, {}), "c", 0), Unknown)
    with pytest.raises(WebhookError):
        GEMINI.read_webhook({}, b"{}")


def test_an_operation_name_is_an_accepted_job() -> None:
    assert GEMINI.parse_submit(answer(200, {"name": NAME})) == Accepted(NAME)


PER_MINUTE = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}],
}
PER_DAY = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
}
RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "22s"}
BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (error(400, "INVALID_ARGUMENT"), InvalidInput("m")),
        (error(400, "INVALID_ARGUMENT", details=[BAD_KEY]), BadCredentials("m")),
        (error(400, "INVALID_ARGUMENT", VIOLATION), Moderated(VIOLATION)),
        (error(400, "FAILED_PRECONDITION", "enable billing"), OutOfQuota("enable billing")),
        (error(401, "UNAUTHENTICATED"), BadCredentials("m")),
        (error(403, "PERMISSION_DENIED"), BadCredentials("m")),
        (error(404, "NOT_FOUND"), Failed("NOT_FOUND", "m")),
        (error(429, "RESOURCE_EXHAUSTED", details=[PER_MINUTE, RETRY]), Throttled(22.0)),
        (error(429, "RESOURCE_EXHAUSTED", details=[RETRY]), Throttled(22.0)),
        (error(429, "RESOURCE_EXHAUSTED", details=[PER_DAY, RETRY]), OutOfQuota("m")),
        (error(429, "RESOURCE_EXHAUSTED", details=[PER_MINUTE, PER_DAY]), OutOfQuota("m")),
        (error(429, "RESOURCE_EXHAUSTED"), Throttled(None)),
        (error(429, "RESOURCE_EXHAUSTED", UNPAID), OutOfQuota(UNPAID)),
        (error(503, "UNAVAILABLE", "The model is overloaded."), Throttled(None)),
    ],
)  # fmt: skip
def test_a_documented_refusal_of_a_submit_is_definite(body: dict[str, Any], outcome: object) -> None:
    assert GEMINI.parse_submit(answer(body["error"]["code"], body)) == outcome


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {}),
        (200, b""),
        (200, {"name": None}),
        (200, {"name": "../../x"}),
        (200, b'{"name": "models/v'),
        (500, error(500, "INTERNAL")),
        (503, error(503, "UNAVAILABLE", "try again")),
        (504, error(504, "DEADLINE_EXCEEDED")),
        (502, b"<html></html>"),
    ],
)
def test_a_submit_that_may_have_been_taken_is_unknown(status: int, body: Any) -> None:
    assert isinstance(GEMINI.parse_submit(answer(status, body)), Unknown)


@pytest.mark.parametrize(
    "more", [{}, {"done": False}, {"done": None, "metadata": {"x": 1}}, {"done": "true"}]
)
def test_an_operation_that_is_not_done_runs(more: dict[str, Any]) -> None:
    assert GEMINI.parse_poll(answer(200, {"name": NAME, **more})) == Progress("running")


def done(**more: Any) -> dict[str, Any]:
    return {"name": NAME, "done": True, **more}


def test_a_success_names_a_video_that_takes_the_key() -> None:
    samples = [{"video": {"uri": "https://g/v1beta/files/abc:download?alt=media"}}]
    body = done(response={"generateVideoResponse": {"generatedSamples": samples}})
    output = Output("video", None, "https://g/v1beta/files/abc:download?alt=media", None, authenticated=True)
    assert GEMINI.parse_poll(answer(200, body)) == Succeeded((output,), Usage())


def test_bytes_in_the_answer_are_the_result() -> None:
    samples = [{"video": {"encodedVideo": b64encode(b"mp4").decode(), "encoding": "video/mp4"}}]
    body = done(response={"generateVideoResponse": {"generatedSamples": samples}})
    output = Output("video", None, "", "video/mp4", content=b"mp4")
    assert GEMINI.parse_poll(answer(200, body)) == Succeeded((output,), Usage())


def test_reference_images_travel_as_references(credential: Credential) -> None:
    given = {"prompt": "p", "image_urls": FRAMES, "generation_type": "reference", "negative_prompt": "blur"}
    fetched = dict.fromkeys(FRAMES, ("image/png", b"one"))
    request = GEMINI.submit(BASE, credential, Submission(MODEL, given, "corr-1", fetched=fetched))
    body = orjson.loads(request.body)
    image = {"bytesBase64Encoded": b64encode(b"one").decode(), "mimeType": "image/png"}
    assert body["instances"][0]["referenceImages"] == [{"image": image, "referenceType": "ASSET"}] * 2
    assert body["parameters"]["negativePrompt"] == "blur"


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["Blocked.", "Why."]}, "Blocked. Why."),
        ({"raiMediaFilteredCount": 1}, FILTERED),
        ({"generatedSamples": [], "raiMediaFilteredReasons": ["Blocked."]}, "Blocked."),
        ({"generatedSamples": None, "raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [3]}, FILTERED),
    ],
)  # fmt: skip
def test_done_without_samples_but_with_rai_fields_is_moderated(result: dict[str, Any], message: str) -> None:
    body = done(response={"generateVideoResponse": result})
    assert GEMINI.parse_poll(answer(200, body)) == Moderated(message)


@pytest.mark.parametrize("video", [None, {}, "x", {"uri": "ftp://x"}, {"encodedVideo": "A"}])
def test_done_without_any_uri_has_failed(video: Any) -> None:
    found = GEMINI.parse_poll(
        answer(200, done(response={"generateVideoResponse": {"generatedSamples": [{"video": video}]}}))
    )
    assert isinstance(found, Failed)
    assert found.code == "no_output"


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"code": 3, "message": "bad frame"}, InvalidInput("bad frame")),
        ({"code": 3, "message": VIOLATION}, Moderated(VIOLATION)),
        ({"code": 8, "message": "m"}, Failed("grpc_8", "m")),
        ({"code": 13, "message": "m", "status": "INTERNAL"}, Failed("INTERNAL", "m")),
        ({}, Failed("failed", "the operation failed without a reason")),
        ("odd", Failed("failed", "the operation failed without a reason")),
    ],
)
def test_a_finished_operations_error_is_final(fault: Any, outcome: object) -> None:
    assert GEMINI.parse_poll(answer(200, done(error=fault))) == outcome


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, error(400, "INVALID_ARGUMENT", details=[BAD_KEY]), BadCredentials("m")),
        (404, error(404, "NOT_FOUND"), Gone("m")),
        (429, error(429, "RESOURCE_EXHAUSTED", details=[RETRY]), Throttled(22.0)),
    ],
)
def test_a_refused_poll_is_about_the_call(status: int, body: Any, outcome: object) -> None:
    assert GEMINI.parse_poll(answer(status, body)) == outcome


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"null"),
        (200, {}),
        (200, {"done": True}),
        (400, error(400, "INVALID_ARGUMENT")),
        (404, b"<html></html>"),
        (500, error(500, "INTERNAL")),
        (503, b""),
    ],
)
def test_a_poll_that_says_nothing_about_the_job_is_asked_again(status: int, body: Any) -> None:
    assert isinstance(GEMINI.parse_poll(answer(status, body)), Unknown)
