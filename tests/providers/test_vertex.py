import json
from base64 import b64encode, urlsafe_b64decode
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from providers.adapter import adapter
from providers.errors import ProviderError
from providers.http import HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    BadCredentials,
    Failed,
    Gone,
    Moderated,
    Output,
    Progress,
    SignedIn,
    Succeeded,
    Throttled,
    Unknown,
    Usage,
)

ROOT = "https://us-central1-aiplatform.googleapis.com/v1"
HOME = "projects/p/locations/us-central1"
BASE = f"{ROOT}/{HOME}"
VERTEX = adapter("vertex")
MODEL = "veo-3.1-generate-001"
RESOURCE = f"{HOME}/publishers/google/models/{MODEL}"
NAME = f"{RESOURCE}/operations/op-1"
TOKEN = Credential("c", "Bearer ya29.x")
PAIR = rsa.generate_private_key(65537, 2048)
NOW = 1_750_000_000


def pem(key: Any) -> str:
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()  # type: ignore[no-any-return]


def account(**changes: Any) -> Credential:
    written = {
        "type": "service_account",
        "private_key_id": "key-1",
        "private_key": pem(PAIR),
        "client_email": "f@p.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
        **changes,
    }
    return Credential("c", json.dumps(written))


def answer(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, body if isinstance(body, bytes) else orjson.dumps(body))


def unpadded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_service_account_signs_an_assertion_for_an_hour() -> None:
    request = VERTEX.sign_in(BASE, account(), NOW)
    assert request is not None
    assert (request.method, request.url) == ("POST", "https://oauth2.googleapis.com/token")
    form = parse_qs(request.body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    head, claims, signature = form["assertion"][0].split(".")
    assert orjson.loads(unpadded(head)) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
    assert orjson.loads(unpadded(claims)) == {
        "iss": "f@p.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": NOW,
        "exp": NOW + 3600,
    }
    PAIR.public_key().verify(
        unpadded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )


def test_an_api_key_needs_no_sign_in_and_travels_in_its_own_header(credential: Credential) -> None:
    assert VERTEX.sign_in(BASE, credential, NOW) is None
    request = VERTEX.submit(ROOT, credential, Submission(MODEL, {"prompt": "p"}, "corr"))
    assert request.url == f"{ROOT}/publishers/google/models/{MODEL}:predictLongRunning"
    assert request.headers["x-goog-api-key"] == "secret-key"
    assert VERTEX.poll(ROOT, credential, NAME).url == f"{ROOT}/{RESOURCE}:fetchPredictOperation"


@pytest.mark.parametrize(
    "changes",
    [
        {"private_key": "no key"},
        {"private_key": None},
        {"private_key": pem(ec.generate_private_key(ec.SECP256R1()))},
        {"token_uri": "ftp://x"},
        {"client_email": None},
    ],
)
def test_an_account_that_cannot_sign_is_our_own_fault_and_shows_no_secret(changes: dict[str, Any]) -> None:
    with pytest.raises(ProviderError) as caught:
        VERTEX.sign_in(BASE, account(**changes), NOW)
    assert caught.value.code == "bad_credential"
    assert "PRIVATE" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"access_token": "ya29.x", "expires_in": 3599}, SignedIn("Bearer ya29.x", 3599)),
        (200, {"access_token": "ya29.x"}, SignedIn("Bearer ya29.x", 3600)),
        (400, {"error": "invalid_grant", "error_description": "Invalid JWT"}, BadCredentials("Invalid JWT")),
        (401, {"error": "invalid_client"}, BadCredentials("HTTP 401 with 26 unusable bytes")),
        (429, {}, Throttled(None)),
        (200, {}, Unknown("HTTP 200 with 2 unusable bytes")),
        (503, b"", Unknown("HTTP 503 with 0 unusable bytes")),
    ],
)
def test_a_sign_in_gives_a_token_or_says_why_not(status: int, body: Any, outcome: object) -> None:
    assert VERTEX.parse_sign_in(answer(status, body)) == outcome


def test_a_submit_is_exactly_this_request() -> None:
    given = {
        "prompt": "p",
        "image_urls": ["https://i/1"],
        "duration": 8,
        "seed": 7,
        "negative_prompt": "blur",
    }
    fetched = {"https://i/1": ("image/png", b"one")}
    submission = Submission(MODEL, given, "corr", options={"storageUri": "gs://b/o"}, fetched=fetched)
    request = VERTEX.submit(BASE, TOKEN, submission)
    assert (request.method, request.url) == ("POST", f"{ROOT}/{RESOURCE}:predictLongRunning")
    assert request.headers == {"Authorization": "Bearer ya29.x", "Content-Type": "application/json"}
    image = {"bytesBase64Encoded": b64encode(b"one").decode(), "mimeType": "image/png"}
    assert orjson.loads(request.body) == {
        "instances": [{"prompt": "p", "image": image}],
        "parameters": {
            "storageUri": "gs://b/o",
            "sampleCount": 1,
            "durationSeconds": 8,
            "negativePrompt": "blur",
            "seed": 7,
        },
    }


def test_an_operations_full_name_is_the_job_and_any_other_name_is_not() -> None:
    assert VERTEX.parse_submit(answer(200, {"name": NAME})) == Accepted(NAME)
    assert isinstance(VERTEX.parse_submit(answer(200, {"name": "models/x"})), Unknown)


def test_a_poll_posts_the_name_to_its_model() -> None:
    request = VERTEX.poll(BASE, TOKEN, NAME)
    assert (request.method, request.url) == ("POST", f"{ROOT}/{RESOURCE}:fetchPredictOperation")
    assert orjson.loads(request.body) == {"operationName": NAME}


def done(**response: Any) -> HttpResponse:
    return answer(200, {"name": NAME, "done": True, "response": response})


def test_bytes_in_the_answer_are_the_result() -> None:
    video = {"bytesBase64Encoded": b64encode(b"mp4").decode(), "mimeType": "video/mp4"}
    output = Output("video", None, "", "video/mp4", content=b"mp4")
    assert VERTEX.parse_poll(done(videos=[video])) == Succeeded((output,), Usage())


def test_there_is_room_for_a_video_in_the_answer() -> None:
    eight_seconds_at_100_mbit = 8 * 100_000_000 // 8
    assert VERTEX.capabilities.answer_bytes > eight_seconds_at_100_mbit * 4 // 3


def test_an_object_in_a_bucket_is_fetched_with_the_token_and_nothing_else_is() -> None:
    found = VERTEX.parse_poll(done(videos=[{"gcsUri": "gs://b/a o/v.mp4", "mimeType": "video/mp4"}]))
    assert isinstance(found, Succeeded)
    assert found.outputs[0].url == "https://storage.googleapis.com/b/a%20o/v.mp4"
    assert found.outputs[0].authenticated
    request = VERTEX.fetch(BASE, TOKEN, found.outputs[0].url)
    assert request.headers == {"Authorization": "Bearer ya29.x"}
    assert VERTEX.fetch(BASE, TOKEN, "https://storage.googleapis.com.evil/b").headers == {}


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (answer(200, {"name": NAME}), Progress("running")),
        (done(raiMediaFilteredCount=1, raiMediaFilteredReasons=["why"]), Moderated("why")),
        (done(videos=[]), Failed("no_output", "the operation is done without a video")),
        (
            answer(200, {"name": NAME, "done": True, "error": {"code": 13, "message": "m"}}),
            Failed("grpc_13", "m"),
        ),
        (
            answer(401, {"error": {"code": 401, "message": "m", "status": "UNAUTHENTICATED"}}),
            BadCredentials("m"),
        ),
        (answer(404, {"error": {"code": 404, "message": "m", "status": "NOT_FOUND"}}), Gone("m")),
        (
            answer(429, {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}),
            Throttled(None),
        ),
    ],
)
def test_an_answer_to_a_poll_has_its_outcome(response: HttpResponse, outcome: object) -> None:
    assert VERTEX.parse_poll(response) == outcome
