"""OpenAI's speech: text in, the bytes of a sound file out.

Source: openai 3.52 (`resources/audio/speech.py`, `types/audio/speech_create_params.py`). The answer says
nothing about what it used.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from providers import media, reading
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import Failed, Output, SubmitOutcome, Succeeded, Unknown, Usage
from providers.protocols import openai_errors
from providers.protocols import openai_request as ask
from providers.protocols.synchronous import AT_ONCE, Synchronous

OWN_NAMES: Final = ("voice", "instructions", "response_format", "speed")
"""Inputs that go by OpenAI's own names."""


class OpenAISpeech(Synchronous):
    """`POST /audio/speech`."""

    name = "openai_speech"
    capabilities = replace(AT_ONCE, answer_bytes=64 * 1024 * 1024)  # minutes of sound without compression

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the text."""
        body = ask.fields(submission, _mapped(submission.input))
        return ask.post_json(ask.at(base_url, "audio/speech"), credential, submission.correlation, body)

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """The sound. Text or JSON with status 200 is none: a gateway's fault, or half an answer."""
        if response.status >= 300:
            return openai_errors.refusal(response)
        fault = reading.member(reading.json_object(response.body), "error")
        if fault:
            return openai_errors.job_fault(fault)
        kind = media.content_type(response.headers.get("content-type", ""), response.body)
        if kind is None or not kind.startswith("audio/"):
            return Unknown(reading.describe(response))
        if not response.body:
            return Failed("no_output", "the sound is empty")
        return Succeeded((Output("audio", None, "", kind, content=response.body),), Usage())


def _mapped(given: Mapping[str, Any]) -> dict[str, Any]:
    body = {
        "input": ask.first(given, "text", "prompt"),
        "voice": given.get("voice_id"),
        "response_format": given.get("output_format"),
        **ask.taken(given, OWN_NAMES),
    }
    return {name: value for name, value in body.items() if value is not None}
