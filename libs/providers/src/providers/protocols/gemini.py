"""Google Veo on the Gemini API: `predictLongRunning`, an operation to poll, an authenticated download.

Source: google-genai 2.34.0 and ai.google.dev/gemini-api/docs/video.
Base URL https://generativelanguage.googleapis.com/v1beta.
The operation knows only `done`; there is no cancel, lookup or idempotency key, so a lost submit can't be
found again.
"""

import re
from urllib.parse import quote, urlsplit

import orjson

from providers import reading
from providers.basics import Basics
from providers.capabilities import Capabilities
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    Output,
    PollOutcome,
    Progress,
    SubmitOutcome,
    Unknown,
)
from providers.protocols import gemini_errors, veo

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
        """The frames or reference images, in order."""
        return veo.images(submission)

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the operation."""
        body = {
            "instances": [veo.instance(submission)],
            "parameters": {**submission.options, "sampleCount": 1, **veo.parameters(submission.input)},
        }
        url = f"{base_url.rstrip('/')}/models/{quote(submission.model, safe='')}:predictLongRunning"
        headers = {**api_key(credential), "Content-Type": "application/json"}
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
        return HttpRequest("GET", f"{base_url.rstrip('/')}/{quote(job_id, safe='/')}", api_key(credential))

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
        found = reading.member(body, "response", "generateVideoResponse")
        samples = reading.member(found, "generatedSamples")
        samples = samples if isinstance(samples, list) else []
        return veo.result(found, [_video(reading.member(each, "video")) for each in samples])

    def fetch(self, base_url: str, credential: Credential, output_url: str) -> HttpRequest:
        """GET a file's bytes: see `google_file`."""
        return google_file(base_url, credential, output_url)


def google_file(base_url: str, credential: Credential, output_url: str) -> HttpRequest:
    """GET a file's bytes from our own base URL, whatever host its URI names, as Google's SDK does.

    Any other URL is fetched as it stands, with the key only on the provider's own origin.
    """
    found = reading.origin(output_url)
    file = _FILE.search(urlsplit(output_url).path) if found else None
    if file:
        url = f"{base_url.rstrip('/')}/files/{file[1]}:download?alt=media"
        return HttpRequest("GET", url, api_key(credential))
    at_home = found is not None and found == reading.origin(base_url)
    return HttpRequest("GET", output_url, api_key(credential) if at_home else {})


def api_key(credential: Credential) -> dict[str, str]:
    """The header that carries an API key."""
    return {"x-goog-api-key": credential.secret}


def _video(video: object) -> Output | None:
    """A file to download with the key, or the bytes themselves."""
    uri = reading.web_url(reading.member(video, "uri"))
    if uri:
        return Output("video", None, uri, authenticated=True)
    return veo.inline(reading.member(video, "encodedVideo"), reading.member(video, "encoding"))
