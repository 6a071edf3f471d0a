"""Luma Dream Machine: generations, followed by callback and poll.

Source: docs.lumalabs.ai (API, errors, changelog 1.1.0) and lumaai 1.21.0.
Base URL https://api.lumalabs.ai/dream-machine/v1. Callbacks carry the generation, unsigned. A generation
shows its request, so our correlation travels in the callback's address, and a lost submit is found in the
list. DELETE removes the record; nothing says that it stops the work or its bill, so it is no cancel.

Fields of the input: prompt, aspect_ratio or size, duration, resolution, loop, and image_urls (first and last
frame) or image_with_roles; for `endpoint: image` image_urls are references. A route's template takes the
place of them all, and its option `endpoint` that of `video`.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from providers import reading
from providers.basics import Basics
from providers.capabilities import Capabilities
from providers.errors import WebhookError
from providers.frames import frames
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    Failed,
    LookupOutcome,
    Output,
    PollOutcome,
    Progress,
    SubmitOutcome,
    Succeeded,
    Unknown,
    Usage,
)
from providers.protocols import luma_errors, luma_lookup
from providers.template import fill
from providers.webhook import WebhookHint

_KEPT: Final = ("prompt", "resolution", "loop")


class Luma(Basics):
    """The Dream Machine protocol."""

    name = "luma"
    capabilities = Capabilities(
        webhooks=True,
        lookup=True,
        idempotent_submit=False,
        cancel=False,
        cancel_deletes_finished=False,
        min_poll_seconds=2.0,
        result_seconds=24 * 3600,
    )

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the generation, of the kind that the route's `endpoint` says."""
        options = dict(submission.options)
        endpoint = str(options.pop("endpoint", "video"))
        given = submission.template and fill(submission.template, submission.input)
        body = {"model": submission.model, **options, **(given or _fields(submission.input, endpoint))}
        if submission.callback_url is not None:
            body["callback_url"] = luma_lookup.marked(submission.callback_url, submission.correlation)
        url = f"{base_url.rstrip('/')}/generations/{quote(endpoint, safe='/')}"
        headers = {**_authorization(credential), "Content-Type": "application/json"}
        return HttpRequest("POST", url, headers, orjson.dumps(body))

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """201 with an id is accepted; a 4xx is a definite refusal; anything else is unknown."""
        if response.status >= 300:
            return luma_errors.refusal(response)
        job_id = reading.identifier(reading.member(reading.json_object(response.body), "id"))
        return Accepted(job_id) if job_id else Unknown(reading.describe(response))

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """GET the generation."""
        url = f"{base_url.rstrip('/')}/generations/{quote(job_id, safe='')}"
        return HttpRequest("GET", url, _authorization(credential))

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollOutcome:
        """Read the generation's state."""
        if response.status >= 300:
            return luma_errors.call_fault(response)
        generation = reading.json_object(response.body)
        return _outcome(generation) if generation is not None else Unknown(reading.describe(response))

    def lookup(
        self, base_url: str, credential: Credential, model: str, since_epoch_seconds: int, page: int
    ) -> HttpRequest | None:
        """GET a page of all generations; their order isn't promised."""
        query = {"limit": luma_lookup.PER_PAGE, "offset": (page - 1) * luma_lookup.PER_PAGE}
        url = f"{base_url.rstrip('/')}/generations?{urlencode(query)}"
        return HttpRequest("GET", url, _authorization(credential))

    def parse_lookup(
        self, response: HttpResponse, correlation: str, since_epoch_seconds: int
    ) -> LookupOutcome:
        """Found by the callback's address; absent only when every page was seen and all said theirs."""
        if response.status >= 300:
            return Unknown(reading.describe(response))
        page = reading.json_object(response.body)
        return luma_lookup.read(page, correlation, since_epoch_seconds)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookHint:
        """The generation as it stands: dreaming, completed or failed. Raises WebhookError."""
        generation = reading.json_object(body)
        if generation is None:
            raise WebhookError("invalid_body", "the callback is not a JSON object")
        unfinished = generation.get("state") in ("queued", "dreaming")
        return WebhookHint(reading.identifier(generation.get("id")), not unfinished)


def _authorization(credential: Credential) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential.secret}"}


def _fields(given: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
    built = {name: given[name] for name in _KEPT if name in given}
    aspect = given.get("aspect_ratio", given.get("size"))
    if aspect is not None and aspect != "adaptive":
        built["aspect_ratio"] = aspect
    if endpoint == "image":
        references = [{"url": url} for url in given.get("image_urls") or ()]
        return built | ({"image_ref": references} if references else {})
    if "duration" in given:
        built["duration"] = f"{given['duration']}s"
    named = zip(("frame0", "frame1"), frames(given), strict=True)
    keyframes = {name: {"type": "image", "url": url} for name, url in named if url}
    return built | ({"keyframes": keyframes} if keyframes else {})


def _outcome(generation: dict[str, Any]) -> PollOutcome:
    match generation.get("state"):
        case "queued":
            return Progress("queued")
        case "dreaming":
            return Progress("running")
        case "completed":
            return _success(generation.get("assets"))
        case "failed":
            return luma_errors.job_fault(generation)
        case other:
            return Unknown(f"state {reading.message(other, 'missing')}")


def _success(assets: object) -> PollOutcome:
    """The video or the image; `progress_video` is a preview."""
    video, image = (reading.web_url(reading.member(assets, name)) for name in ("video", "image"))
    outputs = [Output("video", None, video)] if video else [Output("image", None, image)] if image else []
    if not outputs:
        return Failed("no_output", "the generation completed without an asset")
    return Succeeded(tuple(outputs), Usage())
