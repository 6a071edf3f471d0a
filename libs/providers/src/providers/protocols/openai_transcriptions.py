"""OpenAI's transcriptions: a sound file up, subtitles or text down.

Source: openai 3.52 (`types/audio/transcription_create_params.py`, `transcription*.py`). `srt`, `vtt` and
`text` answer with the text itself, labelled text/plain; the JSON formats with what was billed.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from providers import media, reading
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import Failed, Output, SubmitOutcome, Succeeded, Unknown, Usage
from providers.protocols import openai_errors
from providers.protocols import openai_request as ask
from providers.protocols.synchronous import Synchronous

SOUNDS: Final = ("audio_url", "audio_urls", "video_url", "video_urls", "audio_filename", "video_filename")
"""The first of these that is there is what is heard."""
OWN_NAMES: Final = ("language", "prompt", "response_format", "temperature", "timestamp_granularities")
"""Inputs that go by OpenAI's own names."""
_SRT = re.compile(rb"\s*\d+\r?\n\d{2}:\d{2}:\d{2},\d{3} --> ")


class OpenAITranscriptions(Synchronous):
    """`POST /audio/transcriptions`; subtitles (SRT) unless the input or the route says otherwise."""

    name = "openai_transcriptions"

    def inputs_to_fetch(self, submission: Submission) -> tuple[str, ...]:
        """The sound: it travels as a file."""
        sound = ask.first(submission.input, *SOUNDS)
        return (sound,) if sound else ()

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the form."""
        body = {"response_format": "srt", **ask.fields(submission, _mapped(submission.input))}
        files = [ask.file("file", each, submission) for each in self.inputs_to_fetch(submission)]
        url = ask.at(base_url, "audio/transcriptions")
        return ask.post_form(url, credential, submission.correlation, files + ask.form(body))

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """Subtitles where it is SRT or WebVTT, otherwise text; silence is a failure."""
        if response.status >= 300:
            return openai_errors.refusal(response)
        said = media.bare_type(response.headers.get("content-type", ""))
        body = reading.json_object(response.body)
        if body is not None:
            return _from_json(body, response)
        if said not in {"text/plain", "text/vtt", "application/x-subrip", *media.GENERIC}:
            return Unknown(reading.describe(response))
        if not response.body.strip():
            return Failed("no_output", "nothing was heard")
        return Succeeded((_lines(response.body),), Usage())


def _mapped(given: Mapping[str, Any]) -> dict[str, Any]:
    return {**ask.taken(given, OWN_NAMES)}


def _lines(body: bytes) -> Output:
    if body.lstrip(b"\xef\xbb\xbf").startswith(b"WEBVTT"):
        return Output("subtitle", None, "", "text/vtt", content=body)
    if _SRT.match(body.lstrip(b"\xef\xbb\xbf")):
        return Output("subtitle", None, "", "application/x-subrip", content=body)
    return Output("text", None, "", "text/plain", content=body)


def _from_json(body: dict[str, Any], response: HttpResponse) -> SubmitOutcome:
    """`json` gives its text, the formats with segments are kept whole."""
    if body.get("error"):
        return openai_errors.job_fault(body["error"])
    if not isinstance(body.get("text"), str):
        return Unknown(reading.describe(response))
    if not body["text"].strip():
        return Failed("no_output", "nothing was heard")
    usage = Usage(
        input_seconds=reading.seconds(reading.member(body, "usage", "seconds"))
        or reading.seconds(body.get("duration")),
        tokens=reading.whole(reading.member(body, "usage", "total_tokens")),
    )
    if isinstance(body.get("segments"), list):
        return Succeeded((Output("text", None, "", "application/json", content=response.body),), usage)
    content = body["text"].encode("utf-8", "replace")
    return Succeeded((Output("text", None, "", "text/plain", content=content),), usage)
