"""google-genai 2.34: Veo on the Gemini API by `generate_videos`, `operations.get`, `files.download`."""

from base64 import b64decode
from typing import Any

from google import genai
from google.genai import errors, types
from kit import KEY, Golden, Sim, guards, raises, until

PROVIDER = "gemini"
MODEL = "veo-3.1-generate-preview"
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
CONFIG = {"duration_seconds": 8, "aspect_ratio": "16:9", "resolution": "720p", "number_of_videos": 1}


def _client(sim: Sim, key: str = KEY) -> Any:
    options = types.HttpOptions(base_url=f"{sim.url}/gemini")
    return genai.Client(api_key=key, vertexai=False, http_options=options)


def _start(client: Any, prompt: str = "a paper boat", **more: Any) -> Any:
    config = types.GenerateVideosConfig(**CONFIG)
    return client.models.generate_videos(model=MODEL, prompt=prompt, config=config, **more)


def _end(client: Any, operation: Any) -> Any:
    def done() -> Any:
        found = client.operations.get(operation)
        return found if found.done else None

    return until(done)


@guards("name")
@guards("done")
@guards("uri")
@guards("HTTP 200", status=202)
def check_generates_polls_and_downloads(sim: Sim) -> None:
    client = _client(sim)
    operation = _start(client)
    assert operation.name.startswith(f"models/{MODEL}/operations/")
    finished = _end(client, operation)
    video = finished.response.generated_videos[0].video
    assert client.files.download(file=video)[4:8] == b"ftyp"


@guards("generatedSamples")
def check_frames_are_taken(sim: Sim) -> None:
    client, image = _client(sim), types.Image(image_bytes=PIXEL, mime_type="image/png")
    config = types.GenerateVideosConfig(**CONFIG, last_frame=image)
    operation = client.models.generate_videos(model=MODEL, prompt="a boat", image=image, config=config)
    assert len(_end(client, operation).response.generated_videos) == 1


@guards("raiMediaFilteredReasons")
def check_filtered_content_is_a_response_without_videos(sim: Sim) -> None:
    client = _client(sim)
    response = _end(client, _start(client, "[sim:moderated]")).response
    assert not response.generated_videos
    assert response.rai_media_filtered_count == 1
    assert response.rai_media_filtered_reasons


@guards("error")
def check_a_failure_is_the_operations_error(sim: Sim) -> None:
    client = _client(sim)
    assert _end(client, _start(client, "[sim:fail]")).error["code"] == 13


@guards("message and status", drop=["message"])
def check_bad_input_raises(sim: Sim) -> None:
    client = _client(sim)
    with raises(errors.ClientError) as caught:
        client.models.generate_videos(
            model=MODEL, prompt="a boat", config=types.GenerateVideosConfig(aspect_ratio="1:1")
        )
    assert (caught.error.code, caught.error.status) == (400, "INVALID_ARGUMENT")
    assert "aspectRatio" in caught.error.message


@guards("the reason", drop="reason")
def check_a_bad_key_is_a_400_with_its_reason(sim: Sim) -> None:
    with raises(errors.ClientError) as caught:
        _start(_client(sim, "bad-key"))
    assert caught.error.code == 400
    assert "API_KEY_INVALID" in str(caught.error.details)


@guards("HTTP 404", status=500)
def check_an_unknown_operation_and_model_raise(sim: Sim) -> None:
    client = _client(sim)
    unknown = types.GenerateVideosOperation(name=f"models/{MODEL}/operations/unknown00000")
    with raises(errors.ClientError) as caught:
        client.operations.get(unknown)
    assert caught.error.code == 404
    with raises(errors.ClientError) as model:
        client.models.generate_videos(model="no-such-model-0", prompt="a boat")
    assert model.error.code == 404


@guards("the quota's name", drop="quotaId")
def check_rate_and_quota_are_both_429(sim: Sim) -> None:
    client = _client(sim)
    sim.set(status_code_next=429, retry_after_seconds=1)
    with raises(errors.ClientError) as rate:
        _start(client)
    sim.set(out_of_quota_next=1)
    with raises(errors.ClientError) as quota:
        _start(client)
    assert (rate.error.code, quota.error.code) == (429, 429)
    assert "PerDay" in str(quota.error.details)


def check_a_broken_server_raises(sim: Sim) -> None:
    sim.set(status_code_next=503)
    with raises(errors.ServerError):
        _start(_client(sim))


def golden_text_to_video(sim: Sim, golden: Golden) -> None:
    client = _client(sim)
    with golden("submit"):
        operation = _start(client)
    golden.calls(operation.name, "JOB")
    with golden("poll"):
        client.operations.get(operation)
    video = _end(client, operation).response.generated_videos[0].video
    golden.calls(video.uri.rpartition("/")[2].partition(":")[0], "FILE")
    with golden("fetch"):
        client.files.download(file=video)


def golden_frames_to_video(sim: Sim, golden: Golden) -> None:
    client, image = _client(sim), types.Image(image_bytes=PIXEL, mime_type="image/png")
    config = types.GenerateVideosConfig(**CONFIG, last_frame=image, negative_prompt="blur")
    with golden("submit"):
        client.models.generate_videos(model=MODEL, prompt="a paper boat", image=image, config=config)
