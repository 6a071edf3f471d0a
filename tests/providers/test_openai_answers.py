"""OpenAI's APIs that answer with the result: images, speech, transcriptions, chat."""

from base64 import b64encode
from typing import Any

import orjson
import pytest
from goldens import png, wav
from providers.adapter import adapter
from providers.errors import ProviderError
from providers.http import HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import Failed, Moderated, Output, Succeeded, Unknown, Usage

BASE = "https://api.openai.example/v1"
IMAGES, SPEECH = adapter("openai_images"), adapter("openai_speech")
HEARD, CHAT = adapter("openai_transcriptions"), adapter("openai_chat")
AT_ONCE = (IMAGES, SPEECH, HEARD, CHAT)
PICTURE = png(16, 16)
SRT = b"1\n00:00:00,000 --> 00:00:02,800\nGood morning.\n\n"


def answer(body: Any, content_type: str = "application/json", status: int = 200) -> HttpResponse:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return HttpResponse(status, {"content-type": content_type}, data)


def outputs(found: object) -> tuple[Output, ...]:
    assert isinstance(found, Succeeded), found
    return found.outputs


def test_pictures_in_base64_are_decoded_and_known_by_their_bytes() -> None:
    body = {
        "data": [{"b64_json": b64encode(PICTURE).decode()}] * 2,
        "size": "16x16",
        "usage": {"total_tokens": 7},
    }
    found = IMAGES.parse_submit(answer(body))
    picture = Output("image", None, "", "image/png", content=PICTURE)
    assert found == Succeeded((picture, picture), Usage(tokens=7, width=16, height=16))


def test_pictures_as_links_are_fetched_without_the_key(credential: Credential) -> None:
    found = IMAGES.parse_submit(answer({"data": [{"url": "https://cdn/a.png", "b64_json": None}]}))
    assert outputs(found) == (Output("image", None, "https://cdn/a.png"),)
    assert IMAGES.fetch(BASE, credential, "https://cdn/a.png").headers == {}


def test_a_data_uri_in_place_of_base64_is_understood() -> None:
    encoded = f"data:image/png;base64,{b64encode(PICTURE).decode()}"
    assert outputs(IMAGES.parse_submit(answer({"data": [{"b64_json": encoded}]})))[0].content == PICTURE


@pytest.mark.parametrize("data", [[], [{}], [{"b64_json": "%%"}], [None], [{"url": "ftp://x"}]])
def test_a_whole_answer_without_a_picture_has_failed(data: Any) -> None:
    assert IMAGES.parse_submit(answer({"data": data})) == Failed("no_output", "no picture came back")


def test_a_mask_travels_beside_the_picture(credential: Credential) -> None:
    given = {"prompt": "p", "image_url": "https://i/1", "mask_url": "https://i/2"}
    fetched = {"https://i/1": ("image/png", b"one"), "https://i/2": ("image/png", b"two")}
    submission = Submission("gpt-image-1.5", given, "c", fetched=fetched)
    assert IMAGES.inputs_to_fetch(submission) == ("https://i/1", "https://i/2")
    request = IMAGES.submit(BASE, credential, submission)
    assert request.url == f"{BASE}/images/edits"
    assert b'name="image"; filename="image.png"\r\nContent-Type: image/png\r\n\r\none\r\n' in request.body
    assert b'name="mask"; filename="mask.png"\r\nContent-Type: image/png\r\n\r\ntwo\r\n' in request.body


@pytest.mark.parametrize("content_type", ["audio/wav", "application/octet-stream", "AUDIO/WAV; q=1", ""])
def test_sound_is_what_its_header_says_or_its_bytes_show(content_type: str) -> None:
    sound = wav(1)
    found = SPEECH.parse_submit(answer(sound, content_type))
    assert outputs(found) == (Output("audio", None, "", "audio/wav", content=sound),)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"<html>", "text/html"), (b"", "application/octet-stream"), (b"{}", "application/json"), (b"hm", "")],
)
def test_what_is_no_sound_leaves_it_unknown(body: bytes, content_type: str) -> None:
    assert isinstance(SPEECH.parse_submit(answer(body, content_type)), Unknown)


@pytest.mark.parametrize(
    ("body", "content_type", "kind", "known_as"),
    [
        (SRT, "text/plain; charset=utf-8", "subtitle", "application/x-subrip"),
        (b"\xef\xbb\xbf" + SRT, "text/plain", "subtitle", "application/x-subrip"),
        (b"WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n", "text/plain", "subtitle", "text/vtt"),
        (b"Good morning.", "text/plain", "text", "text/plain"),
    ],
)
def test_subtitles_are_known_by_how_they_begin(
    body: bytes, content_type: str, kind: Any, known_as: str
) -> None:
    found = outputs(HEARD.parse_submit(answer(body, content_type)))
    assert found == (Output(kind, None, "", known_as, content=body),)


def test_a_json_transcription_gives_its_text_and_what_was_billed() -> None:
    found = HEARD.parse_submit(answer({"text": "Hello.", "usage": {"type": "duration", "seconds": 7}}))
    assert found == Succeeded(
        (Output("text", None, "", "text/plain", content=b"Hello."),), Usage(input_seconds=7)
    )


def test_a_verbose_transcription_is_kept_whole() -> None:
    body = {"text": "Hello.", "duration": 7.5, "segments": [{"start": 0, "end": 7.5, "text": "Hello."}]}
    kept = outputs(HEARD.parse_submit(answer(body)))[0]
    assert (kept.kind, kept.content_type, kept.content) == ("text", "application/json", orjson.dumps(body))


@pytest.mark.parametrize(("body", "kind"), [(b"\n", "text/plain"), ({"text": ""}, "application/json")])
def test_silence_has_failed(body: Any, kind: str) -> None:
    assert HEARD.parse_submit(answer(body, kind)) == Failed("no_output", "nothing was heard")


def test_subtitles_are_asked_for_unless_the_input_says_otherwise(credential: Credential) -> None:
    def body(**given: Any) -> bytes:
        fetched = {"https://a/1": ("audio/mpeg", b"ID3")}
        submission = Submission("whisper-1", {"audio_url": "https://a/1", **given}, "c", fetched=fetched)
        return HEARD.submit(BASE, credential, submission).body

    assert b'name="response_format"\r\n\r\nsrt\r\n' in body()
    assert b'name="response_format"\r\n\r\nvtt\r\n' in body(response_format="vtt")
    assert b'filename="file.mp3"' in body()


def choice(content: Any = "Hello.", reason: str = "stop", refusal: str | None = None) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": content, "refusal": refusal}, "finish_reason": reason}


@pytest.mark.parametrize(
    "content", ["Hello.", [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo."}]]
)
@pytest.mark.parametrize("reason", ["stop", "length"])
def test_text_is_the_answer_even_when_it_was_cut(content: Any, reason: str) -> None:
    body = {"choices": [choice(content, reason)], "usage": {"total_tokens": 9}}
    text = Output("text", None, "", "text/plain", content=b"Hello.")
    assert CHAT.parse_submit(answer(body)) == Succeeded((text,), Usage(tokens=9))


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (choice(None, refusal="I can't."), Moderated("I can't.")),
        (choice("Hel", "content_filter"), Moderated("the content filter withheld the answer")),
        (choice(None, "length"), Failed("length", "the answer has no text")),
        (choice(""), Failed("no_output", "the answer has no text")),
    ],
)
def test_a_refusal_with_status_200_is_told_apart(given: dict[str, Any], outcome: object) -> None:
    assert CHAT.parse_submit(answer({"choices": [given]})) == outcome


@pytest.mark.parametrize("spoken", AT_ONCE, ids=lambda each: each.name)
def test_an_error_with_status_200_is_final(spoken: Any) -> None:
    body = {"error": {"code": "content_filter", "message": "m"}}
    assert spoken.parse_submit(answer(body)) == Moderated("m")


@pytest.mark.parametrize("spoken", AT_ONCE, ids=lambda each: each.name)
@pytest.mark.parametrize("status", [200, 302, 500, 502, 504])
def test_an_answer_without_a_result_leaves_the_outcome_unknown(spoken: Any, status: int) -> None:
    assert isinstance(spoken.parse_submit(answer(b"<html>", "text/html", status)), Unknown)


@pytest.mark.parametrize("spoken", AT_ONCE, ids=lambda each: each.name)
def test_there_is_no_job_to_ask_for(spoken: Any, credential: Credential) -> None:
    with pytest.raises(ProviderError, match="no jobs"):
        spoken.poll(BASE, credential, "x")
    assert isinstance(spoken.parse_poll(answer({})), Unknown)
