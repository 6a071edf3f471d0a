"""Google's Interactions API: video by Gemini Omni, the successor of Veo on the Gemini API.

Source: google-genai 3.4.0 and ai.google.dev/gemini-api/docs/omni.
Base URL https://generativelanguage.googleapis.com/v1beta (the SDK speaks /v1).
A job is an interaction in the background; without that, the submit would last as long as the generation.
There is no idempotency key and no list, so a lost submit can't be found again. Images travel as bytes.
"""

from typing import Any
from urllib.parse import quote

import orjson

from providers import reading
from providers.basics import Basics
from providers.capabilities import Capabilities
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    BadCredentials,
    CancelAccepted,
    Cancelled,
    CancelOutcome,
    CancelRefused,
    Failed,
    Gone,
    Moderated,
    Output,
    PollOutcome,
    Progress,
    SubmitOutcome,
    Succeeded,
    Unknown,
    Usage,
)
from providers.protocols import gemini_errors, veo
from providers.protocols.gemini import api_key, google_file

FORMAT = ("aspect_ratio", "resolution")
STUCK = ("incomplete", "budget_exceeded", "requires_action", "requires_continuation")
"""Ends without a result: nobody will answer an action that a video model asks for."""


class GeminiInteractions(Basics):
    """The Interactions protocol, for video."""

    name = "gemini_interactions"
    capabilities = Capabilities(
        webhooks=False,
        lookup=False,
        idempotent_submit=False,
        cancel=True,
        cancel_deletes_finished=False,
        min_poll_seconds=1.0,
        result_seconds=48 * 3600,
    )

    def inputs_to_fetch(self, submission: Submission) -> tuple[str, ...]:
        """The images, in order."""
        return tuple(submission.input.get("image_urls", ()))

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the interaction, one turn of the user's."""
        given = submission.input
        content = [_image(submission, url) for url in self.inputs_to_fetch(submission)]
        if given.get("prompt"):
            content.append({"type": "text", "text": given["prompt"]})
        body: dict[str, Any] = {
            **submission.options,
            "model": submission.model,
            "input": [{"type": "user_input", "content": content}],
            "background": True,
            "response_format": {"type": "video", "delivery": "uri", **_format(submission)},
        }
        headers = {**api_key(credential), "Content-Type": "application/json"}
        return HttpRequest("POST", _interactions(base_url), headers, orjson.dumps(body))

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """200 with an id is accepted; a 4xx is a definite refusal; anything else is unknown."""
        if response.status >= 300:
            return gemini_errors.refusal(response)
        job_id = reading.identifier(reading.member(reading.json_object(response.body), "id"))
        return Accepted(job_id) if job_id else Unknown(reading.describe(response))

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """GET the interaction."""
        return HttpRequest("GET", _interaction(base_url, job_id), api_key(credential))

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollOutcome:
        """Read an interaction, or why there is none."""
        if response.status >= 300:
            return gemini_errors.call_fault(response)
        body = reading.json_object(response.body)
        if body is None:
            return Unknown(reading.describe(response))
        match body.get("status"):
            case "queued":
                return Progress("queued")
            case "in_progress":
                return Progress("running")
            case "completed":
                return _result(body)
            case "failed":
                return gemini_errors.job_fault(_error(body))
            case "cancelled":
                return Cancelled()
            case str(stuck) if stuck in STUCK:
                return Failed(stuck, reading.message(_text(body), f"the interaction ended as {stuck}"))
            case other:
                return Unknown(f"status {reading.message(other, 'missing')}")

    def cancel(self, base_url: str, credential: Credential, job_id: str) -> HttpRequest | None:
        """POST the cancel, without a body. Only an interaction in the background can be cancelled."""
        return HttpRequest("POST", f"{_interaction(base_url, job_id)}/cancel", api_key(credential))

    def parse_cancel(self, response: HttpResponse) -> CancelOutcome:
        """2xx is taken; a 400 or 409 about the state means that it goes on, or is over."""
        if response.status < 300:
            return CancelAccepted()
        fault = gemini_errors.call_fault(response)
        if response.status in {400, 409} and not isinstance(fault, BadCredentials | Gone):
            return CancelRefused(gemini_errors.read(response).message)
        return fault

    def fetch(self, base_url: str, credential: Credential, output_url: str) -> HttpRequest:
        """GET a file's bytes: see `google_file`."""
        return google_file(base_url, credential, output_url)


def _interactions(base_url: str) -> str:
    return f"{base_url.rstrip('/')}/interactions"


def _interaction(base_url: str, job_id: str) -> str:
    return f"{_interactions(base_url)}/{quote(job_id, safe='')}"


def _image(submission: Submission, url: str) -> dict[str, str]:
    content_type, content = veo.fetched(submission, url)
    return {"type": "image", "data": content, "mime_type": content_type}


def _format(submission: Submission) -> dict[str, str]:
    given = submission.input
    known = {name: given[name] for name in FORMAT if name in given}
    return {**known, "duration": f"{given['duration']}s"} if "duration" in given else known


def _outputs(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The contents of every step of the model's, which is where an answer is."""
    steps = body.get("steps")
    spoken = (
        [each for each in steps if reading.member(each, "type") == "model_output"]
        if isinstance(steps, list)
        else []
    )
    contents = [reading.member(step, "content") for step in spoken]
    return [each for some in contents if isinstance(some, list) for each in some if isinstance(each, dict)]


def _result(body: dict[str, Any]) -> PollOutcome:
    """A refusal by policy is a completed interaction that says why in words, and has no video."""
    videos = [_video(each) for each in _outputs(body) if each.get("type") == "video"]
    found = tuple(each for each in videos if each is not None)
    if found:
        return Succeeded(
            found, Usage(tokens=reading.whole(reading.member(body, "usage", "total_output_tokens")))
        )
    if _error(body) is not None:
        return gemini_errors.job_fault(_error(body))
    words = _text(body)
    if words and not videos and not _made_video(body):
        return Moderated(reading.message(words))
    return Failed("no_output", "the interaction is completed without a video")


def _video(content: dict[str, Any]) -> Output | None:
    """A file to download with the key, or the bytes themselves, whatever delivery was asked for."""
    uri = reading.web_url(content.get("uri"))
    if uri:
        return Output("video", None, uri, reading.text(content.get("mime_type")), authenticated=True)
    return veo.inline(content.get("data"), content.get("mime_type"))


def _text(body: dict[str, Any]) -> str:
    said = [reading.text(each.get("text")) for each in _outputs(body) if each.get("type") == "text"]
    return " ".join(filter(None, said))


def _made_video(body: dict[str, Any]) -> bool:
    counts = reading.member(body, "usage", "output_tokens_by_modality")
    videos = (
        [each for each in counts if reading.member(each, "modality") == "video"]
        if isinstance(counts, list)
        else []
    )
    return any(reading.whole(reading.member(each, "tokens")) for each in videos)


def _error(body: dict[str, Any]) -> object:
    errors = body.get("errors")
    return errors[0] if isinstance(errors, list) and errors else body.get("error")
