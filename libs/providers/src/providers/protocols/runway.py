"""Runway: a task per generation, followed by polling.

Source: docs.dev.runwayml.com (API version 2024-11-06, errors, usage tiers) and runwayml 5.24.0.
Base URL https://api.dev.runwayml.com/v1. Too many tasks at once are accepted and say THROTTLED: they wait.
There is no idempotency key, no list and no webhook, so a lost submit can't be found again. DELETE cancels a
task that isn't finished (a running one is charged all the same, so it goes on) and **erases** a finished
one; both are 404 from then on.

Fields of the input: prompt, negative_prompt, image_urls (first and last frame) or image_with_roles, duration,
seed, generate_audio, and aspect_ratio or size with resolution, for Runway's `ratio` in pixels. A route's
template takes the place of them all, and its option `endpoint` that of text_to_video and image_to_video.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import orjson

from providers import reading
from providers.basics import Basics
from providers.capabilities import Capabilities
from providers.frames import frames
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.kinds import kind_of_url
from providers.outcomes import (
    Accepted,
    CancelAccepted,
    Cancelled,
    CancelOutcome,
    Failed,
    Output,
    PollOutcome,
    Progress,
    SubmitOutcome,
    Succeeded,
    Unknown,
    Usage,
)
from providers.protocols import runway_errors
from providers.template import fill

VERSION: Final = "2024-11-06"
RATIOS: Final = {
    "16:9": "1280:720", "9:16": "720:1280", "4:3": "1104:832", "3:4": "832:1104", "1:1": "960:960",
    "21:9": "1584:672",
}  # fmt: skip
FULL_HD: Final = {"16:9": "1920:1080", "9:16": "1080:1920"}
_NAMES: Final = {
    "prompt": "promptText",
    "negative_prompt": "negativePrompt",
    "duration": "duration",
    "seed": "seed",
    "generate_audio": "audio",
}


class Runway(Basics):
    """The Runway protocol."""

    name = "runway"
    capabilities = Capabilities(
        webhooks=False,
        lookup=False,
        idempotent_submit=False,
        cancel=True,
        cancel_deletes_finished=True,
        min_poll_seconds=5.0,
        result_seconds=24 * 3600,
    )

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the task to the endpoint that the route names, or that its images ask for."""
        options = dict(submission.options)
        endpoint = options.pop("endpoint", None)
        given = submission.template and fill(submission.template, submission.input)
        body = {"model": submission.model, **options, **(given or _fields(submission.input))}
        if not isinstance(endpoint, str):
            endpoint = "image_to_video" if "promptImage" in body else "text_to_video"
        url = f"{base_url.rstrip('/')}/{quote(endpoint, safe='')}"
        headers = {**_headers(credential), "Content-Type": "application/json"}
        return HttpRequest("POST", url, headers, orjson.dumps(body))

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """200 with an id is accepted; a 4xx is a definite refusal; anything else is unknown."""
        if response.status >= 300:
            return runway_errors.refusal(response)
        job_id = reading.identifier(reading.member(reading.json_object(response.body), "id"))
        return Accepted(job_id) if job_id else Unknown(reading.describe(response))

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """GET the task. Each answer of a finished one has fresh links."""
        return HttpRequest("GET", _task(base_url, job_id), _headers(credential))

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollOutcome:
        """Read the task; 404 after a cancel, a deletion, or for a task that never was."""
        if response.status >= 300:
            return runway_errors.call_fault(response)
        task = reading.json_object(response.body)
        return _outcome(task) if task is not None else Unknown(reading.describe(response))

    def cancel(self, base_url: str, credential: Credential, job_id: str) -> HttpRequest | None:
        """DELETE the task; a finished one would be lost with its files."""
        return HttpRequest("DELETE", _task(base_url, job_id), _headers(credential))

    def parse_cancel(self, response: HttpResponse) -> CancelOutcome:
        """204, also for what is cancelled already."""
        return CancelAccepted() if 200 <= response.status < 300 else runway_errors.call_fault(response)


def _task(base_url: str, job_id: str) -> str:
    return f"{base_url.rstrip('/')}/tasks/{quote(job_id, safe='')}"


def _headers(credential: Credential) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential.secret}", "X-Runway-Version": VERSION}


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    built = {theirs: given[ours] for ours, theirs in _NAMES.items() if ours in given}
    first, last = frames(given)
    images = [{"uri": uri, "position": place} for uri, place in ((first, "first"), (last, "last")) if uri]
    if images:
        built["promptImage"] = images if last else first
    aspect = given.get("aspect_ratio", given.get("size"))
    sizes = RATIOS | FULL_HD if given.get("resolution") == "1080p" else RATIOS
    return built | ({"ratio": sizes[aspect]} if aspect in sizes else {})


def _outcome(task: dict[str, Any]) -> PollOutcome:
    match task.get("status"):
        case "PENDING" | "THROTTLED":
            return Progress("queued")
        case "RUNNING":
            done = reading.exact(task.get("progress"))
            return Progress("running", min(99, int(done * 100)) if done is not None else None)
        case "SUCCEEDED":
            return _success(task.get("output"))
        case "FAILED":
            return runway_errors.job_fault(task)
        case "CANCELLED":
            return Cancelled()
        case other:
            return Unknown(f"status {reading.message(other, 'missing')}")


def _success(urls: object) -> PollOutcome:
    found = [reading.web_url(url) for url in urls] if isinstance(urls, list) else []
    outputs = tuple(Output(kind_of_url(url) or "video", None, url) for url in found if url is not None)
    if not outputs:
        return Failed("no_output", "the task succeeded without an output")
    return Succeeded(outputs, Usage())
