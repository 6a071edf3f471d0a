"""The newest google-genai on the Gemini API: video by `client.interactions`, files by `client.files`."""

from base64 import b64decode, b64encode
from typing import Any

from google import genai
from google.genai import types
from google.genai._gaos.lib.compat_errors import BadRequestError, NotFoundError, RateLimitError
from kit import KEY, Golden, Sim, guards, raises, until

PROVIDER = "gemini"
MODEL = "gemini-omni-1.1-flash"
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
FORMAT = {"type": "video", "delivery": "uri", "aspect_ratio": "16:9", "resolution": "720p", "duration": "8s"}


def _client(sim: Sim, key: str = KEY) -> Any:
    options = types.HttpOptions(
        base_url=f"{sim.url}/gemini", retry_options=types.HttpRetryOptions(attempts=1)
    )
    return genai.Client(api_key=key, vertexai=False, http_options=options)


def _start(client: Any, prompt: Any = "a paper boat", **changes: Any) -> Any:
    wanted = {"model": MODEL, "input": prompt, "background": True, "response_format": FORMAT, **changes}
    return client.interactions.create(**wanted)


def _end(client: Any, interaction_id: str) -> Any:
    def final() -> Any:
        found = client.interactions.get(interaction_id)
        assert found.status, found
        return found if found.status != "in_progress" else None

    return until(final)


@guards("id")
@guards("status")
@guards("uri")
@guards("steps")
def check_creates_polls_and_downloads(sim: Sim) -> None:
    client = _client(sim)
    started = _start(client)
    assert started.status == "in_progress", started
    finished = _end(client, started.id)
    assert finished.status == "completed", finished
    video = finished.steps[0].content[0]
    assert (video.type, video.mime_type) == ("video", "video/mp4")
    assert client.files.download(file=video.uri)[4:8] == b"ftyp"
    assert finished.usage.total_output_tokens > 0


@guards("data")
def check_inline_and_in_the_foreground(sim: Sim) -> None:
    answer = _start(_client(sim), background=False, response_format={**FORMAT, "delivery": "inline"})
    assert answer.status == "completed", answer
    assert b64decode(answer.steps[0].content[0].data)[4:8] == b"ftyp"


@guards("status")
def check_cancels_and_deletes(sim: Sim) -> None:
    client = _client(sim)
    started = _start(client, "[sim:queued]")
    assert client.interactions.cancel(started.id).status == "cancelled"
    assert client.interactions.get(started.id).status == "cancelled"
    client.interactions.delete(started.id)
    with raises(BadRequestError):
        client.interactions.get(started.id)


@guards("text")
def check_a_refusal_is_completed_in_words(sim: Sim) -> None:
    client = _client(sim)
    found = _end(client, _start(client, "[sim:moderated]").id)
    assert found.status == "completed"
    assert found.steps[0].content[0].text


@guards("errors")
def check_a_failure_says_why(sim: Sim) -> None:
    client = _client(sim)
    found = _end(client, _start(client, "[sim:fail]").id)
    assert found.status == "failed"
    assert found.errors[0].message


@guards("the message", drop="message")
def check_refusals_raise(sim: Sim) -> None:
    client = _client(sim)
    with raises(BadRequestError) as invalid:
        _start(client, response_format={**FORMAT, "aspect_ratio": "1:1"})
    with raises(NotFoundError) as model:
        _start(client, model="no-such-model-0")
    with raises(BadRequestError) as unknown:
        client.interactions.get("v1_unknown")
    with raises(BadRequestError) as key:
        _start(_client(sim, "bad-key"))
    sim.set(status_code_next=429)
    with raises(RateLimitError) as rate:
        _start(client)
    caught = [each.error for each in (invalid, model, unknown, key, rate)]
    assert [each.status_code for each in caught] == [400, 404, 400, 400, 429]
    assert "aspect_ratio" in str(caught[0])
    assert "Invalid interaction name" in str(caught[2])


def golden_text_to_video(sim: Sim, golden: Golden) -> None:
    client = _client(sim)
    with golden("submit"):
        started = _start(client, [{"type": "text", "text": "a paper boat"}])
    golden.calls(started.id, "JOB")
    with golden("poll"):
        client.interactions.get(started.id)
    with golden("cancel"):
        client.interactions.cancel(started.id)


def golden_image_to_video(sim: Sim, golden: Golden) -> None:
    contents = [
        {"type": "image", "data": b64encode(PIXEL).decode(), "mime_type": "image/png"},
        {"type": "text", "text": "a paper boat"},
    ]
    with golden("submit"):
        _start(_client(sim), contents)
