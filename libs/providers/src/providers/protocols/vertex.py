"""Google Veo on Vertex AI: `predictLongRunning`, an operation asked for by POST, the results in its answer.

Source: google-genai 3.4.0, cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo.
Base URL https://LOCATION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/LOCATION, with a service
account's key file as the credential; or https://aiplatform.googleapis.com/v1 with an API key.
Without `storageUri` among the route's options the videos' bytes are in the answer to the poll.
There is no cancel, lookup, webhook or idempotency key, so a lost submit can't be found again.
"""

from typing import Any
from urllib.parse import quote

import orjson

from providers import reading
from providers.basics import Basics
from providers.capabilities import Capabilities
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import Accepted, Output, PollOutcome, Progress, SignInOutcome, SubmitOutcome, Unknown
from providers.protocols import gemini_errors, google_account, veo

STORAGE = "https://storage.googleapis.com"
OPERATIONS = "/operations/"
MORE = {"seed": "seed", "generate_audio": "generateAudio", "person_generation": "personGeneration"}


class Vertex(Basics):
    """Vertex AI's long-running video protocol."""

    name = "vertex"
    capabilities = Capabilities(
        webhooks=False,
        lookup=False,
        idempotent_submit=False,
        cancel=False,
        cancel_deletes_finished=False,
        min_poll_seconds=1.0,
        result_seconds=3600,  # how long an operation is kept is nowhere said
        answer_bytes=256 * 1024 * 1024,  # eight seconds in 4k, in base64
    )

    def inputs_to_fetch(self, submission: Submission) -> tuple[str, ...]:
        """The frames or reference images, in order."""
        return veo.images(submission)

    def sign_in(self, base_url: str, credential: Credential, now_epoch_seconds: int) -> HttpRequest | None:
        """Exchange a service account's assertion for a token; None for an API key."""
        if not google_account.is_account(credential.secret):
            return None
        return google_account.sign_in(credential.secret, now_epoch_seconds)

    def parse_sign_in(self, response: HttpResponse) -> SignInOutcome:
        """The token, or why there is none."""
        return google_account.parse_sign_in(response)

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the operation."""
        given = submission.input
        more = {theirs: given[ours] for ours, theirs in MORE.items() if ours in given}
        parameters = {**submission.options, "sampleCount": 1, **veo.parameters(given), **more}
        body = {"instances": [veo.instance(submission)], "parameters": parameters}
        model = f"publishers/google/models/{quote(submission.model, safe='')}"
        return _post(f"{base_url.rstrip('/')}/{model}:predictLongRunning", credential, body)

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """200 with an operation's full name is accepted; a 4xx is a definite refusal; the rest is unknown."""
        if response.status >= 300:
            return gemini_errors.refusal(response)
        job_id = reading.identifier(reading.member(reading.json_object(response.body), "name"))
        if job_id is None or OPERATIONS not in job_id:
            return Unknown(reading.describe(response))
        return Accepted(job_id)

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """POST the operation's name to the model that it belongs to."""
        root = base_url.partition("/projects/")[0].rstrip("/")
        model = quote(job_id.rpartition(OPERATIONS)[0], safe="/")
        return _post(f"{root}/{model}:fetchPredictOperation", credential, {"operationName": job_id})

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
        found = body.get("response")
        videos = reading.member(found, "videos")
        return veo.result(found, [_video(each) for each in videos] if isinstance(videos, list) else [])

    def fetch(self, base_url: str, credential: Credential, output_url: str) -> HttpRequest:
        """GET an object; the token goes only to Google's storage or the API's own origin."""
        home = {reading.origin(STORAGE), reading.origin(base_url)}
        trusted = reading.origin(output_url) in home - {None}
        return HttpRequest(
            "GET", output_url, google_account.authorization(credential.secret) if trusted else {}
        )


def _post(url: str, credential: Credential, body: dict[str, Any]) -> HttpRequest:
    headers = {**google_account.authorization(credential.secret), "Content-Type": "application/json"}
    return HttpRequest("POST", url, headers, orjson.dumps(body))


def _video(video: object) -> Output | None:
    """The bytes themselves, or an object in the bucket that `storageUri` named."""
    kind = reading.text(reading.member(video, "mimeType"))
    path = (reading.text(reading.member(video, "gcsUri")) or "").removeprefix("gs://")
    url = reading.web_url(f"{STORAGE}/{quote(path, safe='/')}") if path else None
    if url:
        return Output("video", None, url, kind, authenticated=True)
    return veo.inline(reading.member(video, "bytesBase64Encoded"), kind)
