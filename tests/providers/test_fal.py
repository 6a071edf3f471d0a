from hashlib import sha256
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from providers.adapter import adapter
from providers.errors import WebhookError
from providers.http import HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    AskNext,
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

BASE = "https://queue.fal.run"
FAL = adapter("fal")
JOB = "fal-ai/flux/requests/r1"
X = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
JWKS = orjson.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": X}]}).decode()
NOW = 1_750_000_000
VECTOR = b'{"request_id":"r1","status":"OK","payload":{}}'
SIGNED = {
    "x-fal-webhook-request-id": "r1",
    "x-fal-webhook-user-id": "u1",
    "x-fal-webhook-timestamp": str(NOW),
    "x-fal-webhook-signature": "0c6fa069d6f6163a0a35222ca06269c82316809ac68bed29192dffa9670c00bf"
    "1a256baa1cabf7da3babaa67f73098876ad93d1d1dd1ab9887459970c19bdd01",
}


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, body if isinstance(body, bytes) else orjson.dumps(body))


def accepted(app: str = "fal-ai/flux", base: str = BASE) -> dict[str, Any]:
    job = f"{base}/{app}/requests/r1"
    urls = {"response_url": job, "status_url": f"{job}/status", "cancel_url": f"{job}/cancel"}
    return {"status": "IN_QUEUE", "request_id": "r1", "queue_position": 0, **urls}


def details(kind: str, *loc: str) -> dict[str, Any]:
    return {"detail": [{"loc": ["body", *loc], "msg": "no", "type": kind}]}


def test_the_routes_template_is_the_whole_body_and_the_webhook_is_in_the_query(
    credential: Credential,
) -> None:
    submission = Submission(
        "fal-ai/flux/dev",
        {"prompt": "a {boat}", "seed": 7},
        "corr",
        "https://us/hook?a=1",
        options={"enable_safety_checker": True},
        template={"prompt": "{prompt}", "seed": "{seed}", "image_size": "{image_size}"},
    )
    request = FAL.submit(BASE, credential, submission)
    assert request.url == f"{BASE}/fal-ai/flux/dev?fal_webhook=https%3A%2F%2Fus%2Fhook%3Fa%3D1"
    assert request.headers["Authorization"] == "Key secret-key"
    assert orjson.loads(request.body) == {"enable_safety_checker": True, "prompt": "a {boat}", "seed": 7}


def test_without_a_template_the_input_is_the_body_as_it_is(credential: Credential) -> None:
    request = FAL.submit(BASE, credential, Submission("a/b", {"prompt": "{seed}"}, "corr"))
    assert orjson.loads(request.body) == {"prompt": "{seed}"}


@pytest.mark.parametrize(
    ("app", "job"),
    [
        ("fal-ai/flux", JOB),
        ("workflows/me/mine", "workflows/me/mine/requests/r1"),
        ("comfy/me/mine", "comfy/me/mine/requests/r1"),
    ],
)
def test_a_jobs_addresses_drop_the_subpath_but_keep_the_namespace(
    app: str, job: str, credential: Credential
) -> None:
    assert FAL.parse_submit(answer(200, accepted(app, "https://proxy.example/fal"))) == Accepted(job)
    assert FAL.job_of(f"{app}/dev/image-to-video", "r1") == job
    assert FAL.poll(BASE, credential, job).url == f"{BASE}/{job}/status?logs=false"
    assert FAL.poll(BASE, credential, job, "result").url == f"{BASE}/{job}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        {},
        {"request_id": "r1"},
        {**accepted(), "status_url": "https://queue.fal.run/"},
        {**accepted(), "request_id": "r2"},
        {**accepted(), "status_url": f"{BASE}/fal-ai/../requests/r1/status"},
    ],
)
def test_an_acceptance_that_says_no_address_leaves_the_job_unknown(body: Any) -> None:
    assert isinstance(FAL.parse_submit(answer(200, body)), Unknown)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"detail": "No user found for Key ID and Secret"}, BadCredentials),
        (403, {"detail": "Not allowed"}, BadCredentials),
        (403, {"detail": "User is locked. Reason: Exhausted balance. Top up your balance"}, OutOfQuota),
        (402, {"detail": "pay"}, OutOfQuota),
        (429, {"detail": "Concurrent requests limit reached"}, Throttled),
        (404, {"detail": "Application not found"}, Failed),
        (422, details("missing", "prompt"), InvalidInput),
        (422, details("content_policy_violation", "prompt"), Moderated),
        (422, details("file_download_error", "image_url"), InvalidInput),
        (408, {"detail": "timeout"}, Unknown),
        (409, {"detail": "conflict"}, Unknown),
        (499, {"detail": "Client disconnected", "error_type": "client_disconnected"}, Unknown),
        (500, {"detail": "oops"}, Unknown),
        (504, {"detail": "late", "error_type": "request_timeout"}, Unknown),
        (307, b"", Unknown),
    ],
)
def test_a_refused_submit_is_definite_only_where_nothing_can_run(status: int, body: Any, kind: type) -> None:
    assert isinstance(FAL.parse_submit(answer(status, body)), kind)


def test_an_input_at_fault_is_named() -> None:
    found = FAL.parse_submit(answer(422, details("image_too_small", "image_url")))
    assert found == InvalidInput("no", "image_url")
    lost = FAL.parse_submit(answer(422, details("file_download_error", "image_url")))
    assert lost == InvalidInput("no", "image_url", "input_unreachable")


def test_a_wait_that_is_named_is_read() -> None:
    assert FAL.parse_submit(answer(429, {}, **{"retry-after": "7"})) == Throttled(7.0)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (202, {"status": "IN_QUEUE", "queue_position": 3}, Progress("queued")),
        (202, {"status": "IN_PROGRESS", "logs": None}, Progress("running")),
        (200, {"status": "COMPLETED", "logs": None}, AskNext("result")),
        (200, {"status": "COMPLETED", "error": "", "error_type": "runner_x"}, AskNext("failed:runner_x")),
        (200, {"status": "COMPLETED", "error": "boom"}, AskNext("failed:error")),
    ],
)  # fmt: skip
def test_completed_says_only_that_there_is_something_to_ask_for(status: int, body: Any, outcome: Any) -> None:
    assert FAL.parse_poll(answer(status, body)) == outcome


@pytest.mark.parametrize("body", [b"", b"<html>nginx", {}, {"status": "FAILED"}, {"status": []}])
def test_a_status_that_fal_does_not_have_is_unknown(body: Any) -> None:
    assert isinstance(FAL.parse_poll(answer(200, body)), Unknown)


@pytest.mark.parametrize(
    ("step", "status", "body", "outcome"),
    [
        ("result", 422, details("content_policy_violation", "prompt"), Moderated("no")),
        ("result", 422, details("value_error", "prompt"), InvalidInput("no", "prompt")),
        ("result", 422, details("no_media_generated"), Failed("no_media_generated", "no")),
        ("result", 500, details("internal_server_error"), Failed("internal_server_error", "no")),
        ("result", 500, {"detail": "d", "error_type": "runner_x"}, Failed("runner_x", "d")),
        ("failed:runner_disconnected", 503, {"detail": "d"}, Failed("runner_disconnected", "d")),
        ("failed:client_cancelled", 400, {"detail": "d"}, Cancelled()),
        ("result", 499, {"detail": "d", "error_type": "client_cancelled"}, Cancelled()),
        ("result", 404, {"detail": "Request not found"}, Gone("Request not found")),
        ("result", 429, {"detail": "slow down"}, Throttled(None)),
        ("result", 401, {"detail": "who?"}, BadCredentials("who?")),
        ("result", 403, {"detail": "User is locked."}, OutOfQuota("User is locked.")),
    ],
)  # fmt: skip
def test_a_failure_that_is_completed_is_told_by_its_result(
    step: str, status: int, body: Any, outcome: Any
) -> None:
    assert FAL.parse_poll(answer(status, body), step) == outcome


@pytest.mark.parametrize(
    "body",
    [b"<html>502 nginx", b"", {"detail": "Internal Server Error"}, {"error_type": "internal_error"}],
)
def test_a_broken_result_of_a_job_that_no_status_called_failed_is_asked_for_again(body: Any) -> None:
    assert isinstance(FAL.parse_poll(answer(502, body), "result"), Unknown)


def test_a_job_that_its_status_called_failed_stays_failed_when_its_result_says_nothing() -> None:
    found = FAL.parse_poll(answer(502, b"<html>"), "failed:startup_timeout")
    assert isinstance(found, Failed)
    assert found.code == "startup_timeout"


def test_a_videos_result_is_its_file() -> None:
    body = {
        "video": {"url": "https://v3.fal.media/a/b", "content_type": "video/mp4", "file_size": 9},
        "seed": 1,
    }
    found = FAL.parse_poll(answer(200, body), "result")
    assert found == Succeeded((Output("video", None, "https://v3.fal.media/a/b", "video/mp4"),), Usage())


def test_results_blanked_by_the_safety_checker_are_moderated_and_others_are_not() -> None:
    files = [{"url": "https://v3.fal.media/1.png"}, {"url": "https://v3.fal.media/2.png"}]
    some = FAL.parse_poll(answer(200, {"images": files, "has_nsfw_concepts": [True, False]}), "result")
    assert isinstance(some, Succeeded)
    every = FAL.parse_poll(answer(200, {"images": files, "has_nsfw_concepts": [True, True]}), "result")
    assert isinstance(every, Moderated)


def test_a_result_without_anything_is_a_failure() -> None:
    assert isinstance(FAL.parse_poll(answer(200, {"seed": 4}), "result"), Failed)
    assert isinstance(FAL.parse_poll(answer(200, b"<html>"), "result"), Unknown)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (202, {"status": "CANCELLATION_REQUESTED"}, CancelAccepted()),
        (200, {"status": "OK"}, CancelAccepted()),
        (400, {"status": "ALREADY_COMPLETED"}, CancelRefused("ALREADY_COMPLETED")),
        (404, {"status": "NOT_FOUND"}, Gone("NOT_FOUND")),
        (429, {}, Throttled(None)),
    ],
)
def test_a_cancel_is_taken_refused_or_too_late(
    status: int, body: Any, outcome: Any, credential: Credential
) -> None:
    request = FAL.cancel(BASE, credential, JOB)
    assert request is not None
    assert (request.method, request.url) == ("PUT", f"{BASE}/{JOB}/cancel")
    assert FAL.parse_cancel(answer(status, body)) == outcome


@pytest.mark.parametrize("keys", [[X], [JWKS], ["", "nonsense", X]])
def test_the_signature_of_the_documents_vector_is_proved(keys: list[str]) -> None:
    assert FAL.prove_webhook(SIGNED, VECTOR, keys, NOW + 300) == "signed"
    assert FAL.read_webhook(SIGNED, VECTOR).job_id == "r1"


@pytest.mark.parametrize(
    ("changed", "body", "now"),
    [
        ({}, VECTOR + b" ", NOW),
        ({}, VECTOR, NOW + 301),
        ({}, VECTOR, NOW - 301),
        ({"x-fal-webhook-user-id": "u2"}, VECTOR, NOW),
        ({"x-fal-webhook-timestamp": str(NOW + 1)}, VECTOR, NOW),
        ({"x-fal-webhook-timestamp": "soon"}, VECTOR, NOW),
        ({"x-fal-webhook-signature": "zz"}, VECTOR, NOW),
        ({"x-fal-webhook-signature": ""}, VECTOR, NOW),
        ({"x-fal-webhook-request-id": ""}, VECTOR, NOW),
    ],
)
def test_whatever_differs_from_what_was_signed_is_forged(
    changed: dict[str, str], body: bytes, now: int
) -> None:
    assert FAL.prove_webhook({**SIGNED, **changed}, body, [X], now) == "forged"


def test_another_key_forges_and_no_key_proves_nothing() -> None:
    key = Ed25519PrivateKey.generate()
    text = "\n".join(["r1", "u1", str(NOW), sha256(VECTOR).hexdigest()]).encode()
    theirs = {**SIGNED, "x-fal-webhook-signature": key.sign(text).hex()}
    assert FAL.prove_webhook(theirs, VECTOR, [JWKS], NOW) == "forged"
    assert FAL.prove_webhook(SIGNED, VECTOR, [], NOW) == "unsigned"


def test_a_webhook_that_is_no_object_is_refused() -> None:
    with pytest.raises(WebhookError):
        FAL.read_webhook({}, b"[]")
