"""Google Veo on the Gemini API: `predictLongRunning`, an operation to poll, an authenticated download.

Source: google-genai 2.34.0 and ai.google.dev/gemini-api/docs/video.
Base URL https://generativelanguage.googleapis.com/v1beta.
The operation knows only `done`; there is no cancel, lookup or idempotency key, so a lost submit can't be
found again. Images travel as bytes: the caller fetches them first.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from providers import reading
from providers.basics import Basics
from providers.capabilities import Capabilities
from providers.errors import ProviderError
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    Failed,
    Moderated,
    Output,
    PollOutcome,
    Progress,
    SubmitOutcome,
    Succeeded,
    Unknown,
    Usage,
)
from providers.protocols import gemini_errors

FRAMES = ("image", "lastFrame")
"""Where the first and the second of `image_urls` go."""
_FILE = re.compile(r"/files/([A-Za-z0-9_-]+)(?::download)?$")


class Gemini(Basics):
    """The Gemini API's long-running video protocol."""

    name = "gemini"
    capabilities = Capabilities(
        webhooks=False,
        lookup=False,
        idempotent_submit=False,
        cancel=False,
        cancel_deletes_finished=False,
        min_poll_seconds=1.0,
        result_seconds=48 * 3600,
    )

    def inputs_to_fetch(self, submission: Submission) -> tuple[str, ...]:
        """The frame images, in order."""
        return tuple(submission.input.get("image_urls", ())[: len(FRAMES)])

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the operation. `generation_type` and `enable_gif` are not the provider's business."""
        instance = {
            "prompt": submission.input["prompt"],
            **_frames(self.inputs_to_fetch(submission), submission),
        }
        body = {
            "instances": [instance],
            "parameters": {**submission.options, "sampleCount": 1, **_parameters(submission.input)},
        }
        url = f"{base_url.rstrip('/')}/models/{quote(submission.model, safe='')}:predictLongRunning"
        headers = {**_key(credential), "Content-Type": "application/json"}
        return HttpRequest("POST", url, headers, orjson.dumps(body))

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """200 with an operation name is accepted; a 4xx is a definite refusal; anything else is unknown."""
        if response.status >= 300:
            return gemini_errors.refusal(response)
        body = reading.json_object(response.body)
        job_id = reading.identifier(reading.member(body, "name"))
        return Accepted(job_id) if job_id else Unknown(reading.describe(response))

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """GET the operation by its name."""
        return HttpRequest("GET", f"{base_url.rstrip('/')}/{quote(job_id, safe='/')}", _key(credential))

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollOutcome:
        """Read an operation, or why there is none."""
        if response.status >= 300:
            return gemini_errors.call_fault(response)
        body = reading.json_object(response.body)
        if body is None or reading.text(body.get("name")) is None:
            return Unknown(reading.describe(response))
        if body.get("done") is not True:
            return Progress("running")
        if body.get("error") is not None:
            return gemini_errors.job_fault(body["error"])
        return _result(reading.member(body, "response", "generateVideoResponse"))

    def fetch(self, base_url: str, credential: Credential, output_url: str) -> HttpRequest:
        """GET a file's bytes from our own base URL, whatever host its URI names, as Google's SDK does.

        Any other URL is fetched as it stands, with the key only on the provider's own origin.
        """
        file = _FILE.search(urlsplit(output_url).path) if reading.origin(output_url) else None
        if file:
            url = f"{base_url.rstrip('/')}/files/{file[1]}:download?alt=media"
            return HttpRequest("GET", url, _key(credential))
        at_home = reading.origin(output_url) is not None and reading.origin(output_url) == reading.origin(
            base_url
        )
        return HttpRequest("GET", output_url, _key(credential) if at_home else {})


def _key(credential: Credential) -> dict[str, str]:
    return {"x-goog-api-key": credential.secret}


def _frames(urls: tuple[str, ...], submission: Submission) -> dict[str, Any]:
    frames: dict[str, Any] = {}
    for name, url in zip(FRAMES, urls, strict=False):
        if url not in submission.fetched:
            raise ProviderError("input_not_fetched", f"{name} was not fetched before the submit")
        content_type, content = submission.fetched[url]
        frames[name] = {"bytesBase64Encoded": b64encode(content).decode(), "mimeType": content_type}
    return frames


def _parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"aspect_ratio": "aspectRatio", "resolution": "resolution", "duration": "durationSeconds"}
    return {theirs: given[ours] for ours, theirs in names.items() if ours in given}


def _result(result: object) -> PollOutcome:
    samples = reading.member(result, "generatedSamples")
    videos = [reading.member(each, "video") for each in samples] if isinstance(samples, list) else []
    uris = [uri for video in videos if (uri := reading.web_url(reading.member(video, "uri")))]
    if uris:
        outputs = tuple(Output("video", None, uri, authenticated=True) for uri in uris)
        return Succeeded(outputs, Usage())
    if _filtered(result):
        reasons = reading.member(result, "raiMediaFilteredReasons")
        said = " ".join(filter(None, map(reading.text, reasons))) if isinstance(reasons, list) else ""
        return Moderated(reading.message(said, "the content policy filtered the video"))
    return Failed("no_output", "the operation is done without a video URI")


def _filtered(result: object) -> bool:
    return bool(
        reading.member(result, "raiMediaFilteredCount") or reading.member(result, "raiMediaFilteredReasons")
    )
