"""OpenAI's Videos API (Sora 2), and the gateways that serve its paths: new-api, litellm and their kin.

Source: openai 3.52 (`resources/videos.py`, `types/video.py`). OpenAI itself shut it down on 2026-09-24.
Base URL https://api.openai.com/v1. There is no cancel, lookup or idempotency key of OpenAI's own; the file is
downloaded with the key, up to an hour after success. Webhooks go to an endpoint that is registered once per
project; they are signed and name nothing but the video's id.

Gateways differ: `task_id` beside or in place of `id`, more words for the states, progress as text, seconds as
a number, a link in the body (`metadata.url`, `url`, `video_url`, `output.video_url`), everything inside
`data`, ids in base64.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from providers import reading, standard_webhooks
from providers.basics import Basics, bearer_on_own_origin
from providers.capabilities import Capabilities
from providers.errors import WebhookError
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    Cancelled,
    Output,
    PollOutcome,
    Progress,
    SubmitOutcome,
    Succeeded,
    Unknown,
    Usage,
)
from providers.protocols import openai_errors
from providers.protocols import openai_request as ask
from providers.webhook import Proof, WebhookHint

QUEUED: Final = frozenset({"queued", "pending", "submitted", "created", "not_start", "queueing"})
RUNNING: Final = frozenset({"in_progress", "processing", "running", "generating"})
DONE: Final = frozenset({"completed", "succeeded", "success", "finished"})
FAILED: Final = frozenset({"failed", "failure", "error", "expired", "rejected"})
CANCELLED: Final = frozenset({"cancelled", "canceled", "deleted"})
SIZES: Final = {
    ("720p", "16:9"): "1280x720", ("720p", "9:16"): "720x1280",
    ("1024p", "16:9"): "1792x1024", ("1024p", "9:16"): "1024x1792",
    ("1080p", "16:9"): "1920x1080", ("1080p", "9:16"): "1080x1920",
}  # fmt: skip
"""`size` for a resolution and an aspect ratio."""
IMAGES: Final = ("image_urls", "image_url", "input_image")
_LINKS: Final = (("metadata", "url"), ("output", "video_url"), ("video_url",), ("url",), ("content_url",))


class OpenAIVideos(Basics):
    """`POST /videos`, `GET /videos/{id}`, `GET /videos/{id}/content`."""

    name = "openai_videos"
    capabilities = Capabilities(
        webhooks=True,
        lookup=False,
        idempotent_submit=False,
        cancel=False,
        cancel_deletes_finished=False,
        min_poll_seconds=1.0,
        result_seconds=3600,
        signed_webhooks=True,
        webhook_per_job=False,
    )

    def inputs_to_fetch(self, submission: Submission) -> tuple[str, ...]:
        """The reference image, which travels as a file; none where a template sends it as an address."""
        reference = ask.first(submission.input, *IMAGES)
        return (reference,) if reference and submission.template is None else ()

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST a form as the SDK does, or JSON where the route brings a template.

        `remix_video_id` makes it the remix of a finished video: its prompt alone is sent.
        """
        given, correlation = submission.input, submission.correlation
        source = reading.identifier(given.get("remix_video_id"))
        if source is not None:
            url = ask.at(base_url, f"videos/{quote(source, safe='')}/remix")
            return ask.post_json(url, credential, correlation, {"prompt": given["prompt"]})
        url, body = ask.at(base_url, "videos"), ask.fields(submission, _mapped(given))
        if submission.template is not None:
            return ask.post_json(url, credential, correlation, body)
        files = [ask.file("input_reference", each, submission) for each in self.inputs_to_fetch(submission)]
        return ask.post_form(url, credential, correlation, ask.form(body) + files)

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """200 with an id is accepted; a 4xx is a definite refusal; anything else is unknown."""
        if response.status >= 300:
            return openai_errors.refusal(response)
        job_id = _job_id(_video(response))
        return Accepted(job_id) if job_id else Unknown(reading.describe(response))

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """GET the video."""
        return HttpRequest("GET", ask.at(base_url, _path(job_id)), ask.bearer(credential))

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollOutcome:
        """Read a video, or why there is none."""
        if response.status >= 300:
            return openai_errors.call_fault(response)
        video = _video(response)
        state = (reading.text(video.get("status")) or "").lower()
        if state in QUEUED:
            return Progress("queued", _percent(video))
        if state in RUNNING:
            return Progress("running", _percent(video))
        if state in DONE:
            return _result(video, response)
        if state in FAILED:
            return openai_errors.job_fault(video.get("error") or reading.member(video, "fail_reason"))
        return Cancelled() if state in CANCELLED else Unknown(reading.describe(response))

    def fetch(self, base_url: str, credential: Credential, output_url: str) -> HttpRequest:
        """GET the content below our own base URL with the key; a link as it stands, the key only at home."""
        if reading.origin(output_url) is None:
            return HttpRequest("GET", ask.at(base_url, output_url), ask.bearer(credential))
        return bearer_on_own_origin(base_url, credential, output_url)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookHint:
        """`video.completed` and `video.failed` name a video; other events are none of ours."""
        event = reading.json_object(body)
        kind = reading.text(reading.member(event, "type"))
        found = reading.identifier(reading.member(event, "data", "id"))
        if kind not in {"video.completed", "video.failed"} or found is None:
            raise WebhookError("invalid_body", "not an event about a video")
        return WebhookHint(found, final=True)

    def prove_webhook(
        self, headers: Mapping[str, str], body: bytes, keys: Sequence[str], now_epoch_seconds: int
    ) -> Proof:
        """Standard Webhooks, with the secret that the endpoint's registration gave."""
        return standard_webhooks.prove(headers, body, keys, now_epoch_seconds)


def _mapped(given: Mapping[str, Any]) -> dict[str, Any]:
    body = {"prompt": given.get("prompt"), "seconds": ask.first(given, "seconds", "duration")}
    if body["seconds"] is not None:
        body["seconds"] = str(body["seconds"])
    return {name: value for name, value in {**body, "size": _size(given)}.items() if value is not None}


def _size(given: Mapping[str, Any]) -> str | None:
    size, ratio = given.get("size"), given.get("aspect_ratio")
    if isinstance(size, str) and "x" in size:
        return size
    return SIZES.get((str(given.get("resolution", "720p")), str(ratio or size or "16:9")))


def _path(job_id: str) -> str:
    return f"videos/{quote(job_id, safe='')}"


def _video(response: HttpResponse) -> dict[str, Any]:
    """The video object, also where it is wrapped in `data`; empty where there is none."""
    body = reading.json_object(response.body) or {}
    inner = body.get("data")
    return inner if isinstance(inner, dict) and "status" not in body else body


def _job_id(video: Mapping[str, Any]) -> str | None:
    return reading.identifier(video.get("id")) or reading.identifier(video.get("task_id"))


def _percent(video: Mapping[str, Any]) -> int | None:
    """0-100, also from "30%"."""
    progress = video.get("progress")
    number = reading.exact(progress.strip().removesuffix("%") if isinstance(progress, str) else progress)
    return min(100, int(number)) if number is not None else None


def _result(video: dict[str, Any], response: HttpResponse) -> PollOutcome:
    """A link of the gateway's own where it gives one, else the content below our base URL."""
    width, _, height = (reading.text(video.get("size")) or "").partition("x")
    usage = Usage(
        output_seconds=reading.seconds(video.get("seconds")),
        width=reading.whole(width),
        height=reading.whole(height),
    )
    links = [reading.web_url(reading.member(video, *way)) for way in _LINKS]
    link = next(filter(None, links), None)
    if link is not None:
        return Succeeded((Output("video", None, link, "video/mp4"),), usage)
    job_id = _job_id(video)
    if job_id is None:
        return Unknown(reading.describe(response))
    return Succeeded(
        (Output("video", None, f"{_path(job_id)}/content", "video/mp4", authenticated=True),), usage
    )
