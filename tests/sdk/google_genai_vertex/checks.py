"""The newest google-genai in Vertex mode: Veo with an access token or an API key, and the sign-in."""

from base64 import b64decode
from typing import Any

import google.auth.exceptions
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google import genai
from google.auth.transport.requests import Request
from google.genai import errors, types
from google.oauth2 import credentials, service_account
from kit import KEY, Golden, Sim, guards, raises, until

PROVIDER = "vertex"
MODEL = "veo-3.1-generate-001"
PROJECT, LOCATION = "sim-project", "us-central1"
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
CONFIG = {"duration_seconds": 8, "aspect_ratio": "16:9", "resolution": "720p", "number_of_videos": 1}
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


def _client(sim: Sim, signed_in: Any = None) -> Any:
    options = types.HttpOptions(base_url=f"{sim.url}/vertex")
    token = signed_in or credentials.Credentials(token=KEY)  # type: ignore[no-untyped-call]
    return genai.Client(
        vertexai=True, project=PROJECT, location=LOCATION, credentials=token, http_options=options
    )


def _with_key(sim: Sim, key: str = KEY) -> Any:
    options = types.HttpOptions(base_url=f"{sim.url}/vertex")
    return genai.Client(vertexai=True, api_key=key, http_options=options)


def _account(sim: Sim, key_id: str = "key-1") -> Any:
    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": key_id,
        "private_key": pem.decode(),
        "client_email": "framebus@sim-project.iam.gserviceaccount.com",
        "token_uri": f"{sim.url}/vertex/token",
    }
    return service_account.Credentials.from_service_account_info(info, scopes=SCOPES)  # type: ignore[no-untyped-call]


def _start(client: Any, prompt: str = "a paper boat", **config: Any) -> Any:
    wanted = types.GenerateVideosConfig(**{**CONFIG, **config})
    return client.models.generate_videos(model=MODEL, prompt=prompt, config=wanted)


def _end(client: Any, operation: Any) -> Any:
    def done() -> Any:
        found = client.operations.get(operation)
        return found if found.done else None

    return until(done)


@guards("name")
@guards("done")
@guards("bytesBase64Encoded")
@guards("HTTP 200", status=202)
def check_generates_polls_and_has_the_bytes(sim: Sim) -> None:
    client = _client(sim)
    operation = _start(client, number_of_videos=2, seed=7, generate_audio=False)
    assert operation.name.startswith(f"projects/{PROJECT}/locations/{LOCATION}/publishers/google/models/")
    videos = _end(client, operation).response.generated_videos
    assert [each.video.video_bytes[4:8] for each in videos] == [b"ftyp", b"ftyp"]


@guards("gcsUri")
def check_a_bucket_is_named_where_one_was_asked_for(sim: Sim) -> None:
    client = _client(sim)
    finished = _end(client, _start(client, output_gcs_uri="gs://bucket/out"))
    assert finished.response.generated_videos[0].video.uri.startswith("gs://bucket/out/")


@guards("done")
def check_an_api_key_submits_without_a_project_and_polls_at_the_full_name(sim: Sim) -> None:
    client = _with_key(sim)
    finished = _end(client, _start(client))
    assert finished.response.generated_videos[0].video.video_bytes[4:8] == b"ftyp"


@guards("access_token", path="/token$", drop="access_token")
def check_a_service_account_signs_in(sim: Sim) -> None:
    signed_in = _account(sim)
    signed_in.refresh(Request())
    client = _client(sim, signed_in)
    assert _end(client, _start(client)).response.generated_videos


@guards("HTTP 400", path="/token$", status=503)
def check_a_revoked_account_raises(sim: Sim) -> None:
    with raises(google.auth.exceptions.RefreshError) as caught:
        _account(sim, "bad-key").refresh(Request())
    assert "invalid_grant" in str(caught.error)
    assert not caught.error.retryable


@guards("raiMediaFilteredReasons")
def check_filtered_content_is_a_response_without_videos(sim: Sim) -> None:
    client = _client(sim)
    response = _end(client, _start(client, "[sim:moderated]")).response
    assert not response.generated_videos
    assert response.rai_media_filtered_reasons


@guards("status", drop="status")
def check_refusals_raise(sim: Sim) -> None:
    with raises(errors.ClientError) as invalid:
        _start(_client(sim), aspect_ratio="1:1")
    with raises(errors.ClientError) as key:
        _start(_client(sim, credentials.Credentials(token="bad-key")))  # type: ignore[no-untyped-call]
    unknown = types.GenerateVideosOperation(
        name=f"projects/{PROJECT}/locations/{LOCATION}/publishers/google/models/{MODEL}/operations/unknown"
    )
    client = _client(sim)
    with raises(errors.ClientError) as gone:
        client.operations.get(unknown)
    sim.set(status_code_next=429)
    with raises(errors.ClientError) as rate:
        _start(_client(sim))
    assert [(each.error.code, each.error.status) for each in (invalid, key, gone, rate)] == [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (404, "NOT_FOUND"),
        (429, "RESOURCE_EXHAUSTED"),
    ]


def golden_text_to_video(sim: Sim, golden: Golden) -> None:
    client = _client(sim)
    with golden("submit"):
        operation = _start(client, seed=7, negative_prompt="blur")
    golden.calls(operation.name.rpartition("/")[2], "JOB")
    with golden("poll"):
        client.operations.get(operation)


def golden_frames_to_video(sim: Sim, golden: Golden) -> None:
    image = types.Image(image_bytes=PIXEL, mime_type="image/png")
    client = _client(sim)
    with golden("submit"):
        client.models.generate_videos(
            model=MODEL,
            prompt="a paper boat",
            image=image,
            config=types.GenerateVideosConfig(**CONFIG, last_frame=image),
        )


def golden_api_key(sim: Sim, golden: Golden) -> None:
    with golden("submit"):
        _start(_with_key(sim))
