"""ByteDance Seedance on Volcengine Ark: content generation tasks.

Source: volcengine.com/docs/82379 and volcengine-ark-runtime 5.0.54.
Base URL https://ark.cn-beijing.volces.com/api/v3.
`safety_identifier` is echoed by GET and list, so it carries our correlation and a lost job can be looked up.
Callbacks carry no signature; their address must be unguessable and the task is asked for again.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from providers import reading
from providers.basics import Basics
from providers.capabilities import Capabilities
from providers.errors import WebhookError
from providers.http import HttpRequest, HttpResponse
from providers.job import Credential, Submission
from providers.outcomes import (
    Accepted,
    CancelAccepted,
    Cancelled,
    CancelOutcome,
    CancelRefused,
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
from providers.protocols import ark_errors, ark_lookup
from providers.protocols.ark_content import content
from providers.webhook import WebhookHint

TASKS = "/contents/generations/tasks"
PASSED_ON = (
    "resolution",
    "duration",
    "seed",
    "watermark",
    "camera_fixed",
    "generate_audio",
    "return_last_frame",
    "tools",
)
UNFINISHED = ("queued", "running")

MOST_AT_ONCE = 50
"""Ids in one question for many tasks: they travel in the address."""

PIXELS: dict[tuple[str, str], tuple[int, int]] = {
    ("480p", "16:9"): (864, 496),
    ("480p", "4:3"): (752, 560),
    ("480p", "1:1"): (640, 640),
    ("480p", "3:4"): (560, 752),
    ("480p", "9:16"): (496, 864),
    ("480p", "21:9"): (992, 432),
    ("720p", "16:9"): (1280, 720),
    ("720p", "4:3"): (1112, 834),
    ("720p", "1:1"): (960, 960),
    ("720p", "3:4"): (834, 1112),
    ("720p", "9:16"): (720, 1280),
    ("720p", "21:9"): (1470, 630),
    ("1080p", "16:9"): (1920, 1080),
    ("1080p", "4:3"): (1664, 1248),
    ("1080p", "1:1"): (1440, 1440),
    ("1080p", "3:4"): (1248, 1664),
    ("1080p", "9:16"): (1080, 1920),
    ("1080p", "21:9"): (2206, 946),
    ("4k", "16:9"): (3840, 2160),
    ("4k", "4:3"): (3326, 2494),
    ("4k", "1:1"): (2880, 2880),
    ("4k", "3:4"): (2494, 3326),
    ("4k", "9:16"): (2160, 3840),
    ("4k", "21:9"): (4398, 1886),
}
"""Seedance 1.5 pro and 2.0 frame sizes by (resolution, ratio), from Ark's video generation page."""
OTHER_SIZES = ("seedance-1-0", "seedance-2-5")
"""Series whose frames have other sizes: theirs aren't told."""


class Ark(Basics):
    """The Ark protocol."""

    name = "ark"
    capabilities = Capabilities(
        webhooks=True,
        lookup=True,
        idempotent_submit=False,
        cancel=True,
        cancel_deletes_finished=True,
        min_poll_seconds=1.0,
        result_seconds=24 * 3600,
        poll_many=MOST_AT_ONCE,
    )

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the task."""
        given = submission.input
        body: dict[str, Any] = {
            **submission.options,
            "model": submission.model,
            "content": content(submission.model, given),
            **{name: given[name] for name in PASSED_ON if name in given},
            "safety_identifier": submission.correlation,
        }
        ratio = given.get("size", given.get("aspect_ratio"))
        if ratio is not None:
            body["ratio"] = ratio
        if submission.callback_url is not None:
            body["callback_url"] = submission.callback_url
        headers = {**_authorization(credential), "Content-Type": "application/json"}
        return HttpRequest("POST", _tasks(base_url), headers, orjson.dumps(body))

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """200 with an id is accepted; a 4xx is a definite refusal; anything else is unknown."""
        if response.status >= 300:
            return ark_errors.refusal(response)
        body = reading.json_object(response.body)
        job_id = reading.identifier(reading.member(body, "id"))
        return Accepted(job_id) if job_id else Unknown(reading.describe(response))

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """GET the task."""
        return HttpRequest("GET", _task(base_url, job_id), _authorization(credential))

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollOutcome:
        """Read a task object, or why there is none."""
        if response.status >= 300:
            return ark_errors.call_fault(response)
        body = reading.json_object(response.body)
        return _task_outcome(body) if body else Unknown(reading.describe(response))

    def poll_many(self, base_url: str, credential: Credential, job_ids: Sequence[str]) -> HttpRequest | None:
        """GET the list, filtered by ids."""
        named = [("filter.task_ids", each) for each in job_ids]
        query = urlencode([("page_num", 1), ("page_size", len(job_ids)), *named])
        return HttpRequest("GET", f"{_tasks(base_url)}?{query}", _authorization(credential))

    def parse_poll_many(self, response: HttpResponse) -> Mapping[str, PollOutcome]:
        """Read the task objects that are there."""
        items = reading.member(reading.json_object(response.body), "items")
        if response.status != 200 or not isinstance(items, list):
            return {}
        tasks = [(reading.identifier(reading.member(each, "id")), each) for each in items]
        return {job_id: _task_outcome(task) for job_id, task in tasks if job_id}

    def cancel(self, base_url: str, credential: Credential, job_id: str) -> HttpRequest | None:
        """DELETE the task. Ark cancels a queued one, refuses a running one, and erases a finished one."""
        return HttpRequest("DELETE", _task(base_url, job_id), _authorization(credential))

    def parse_cancel(self, response: HttpResponse) -> CancelOutcome:
        """2xx (`{}` or empty) is taken; 409 TaskRunningCannotCancel is refused."""
        if response.status < 300:
            return CancelAccepted()
        if response.status in {400, 409}:
            return CancelRefused(ark_errors.read(response).message)
        return ark_errors.call_fault(response)

    def lookup(
        self, base_url: str, credential: Credential, model: str, since_epoch_seconds: int, page: int
    ) -> HttpRequest | None:
        """GET a page of the task list, filtered by model (a model or endpoint id, matched exactly)."""
        del since_epoch_seconds  # the list has no time filter; parse_lookup stops at it
        query = urlencode({"page_num": page, "page_size": ark_lookup.PAGE_SIZE, "filter.model": model})
        return HttpRequest("GET", f"{_tasks(base_url)}?{query}", _authorization(credential))

    def parse_lookup(
        self, response: HttpResponse, correlation: str, since_epoch_seconds: int
    ) -> LookupOutcome:
        """Search the page for our `safety_identifier`."""
        return ark_lookup.read(response, correlation, since_epoch_seconds)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookHint:
        """A callback's body is the task object, sent at each change of its status."""
        del headers
        task = reading.json_object(body)
        if task is None:
            raise WebhookError("invalid_body", "the body is not a JSON object")
        return WebhookHint(reading.identifier(task.get("id")), task.get("status") not in UNFINISHED)


def _tasks(base_url: str) -> str:
    return base_url.rstrip("/") + TASKS


def _task(base_url: str, job_id: str) -> str:
    return f"{_tasks(base_url)}/{quote(job_id, safe='')}"


def _authorization(credential: Credential) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential.secret}"}


def _task_outcome(task: dict[str, Any]) -> PollOutcome:
    match task.get("status"):
        case "queued":
            return Progress("queued")
        case "running":
            return Progress("running")
        case "succeeded":
            return _success(task)
        case "failed":
            return ark_errors.job_fault(task.get("error"))
        case "cancelled":
            return Cancelled()
        case "expired":
            return Failed("expired", "the task waited longer than its execution_expires_after")
        case other:
            return Unknown(f"status {reading.message(other, 'missing')}")


def _success(task: dict[str, Any]) -> PollOutcome:
    video = reading.web_url(reading.member(task, "content", "video_url"))
    if video is None:
        return Failed("no_output", "the task succeeded without a video_url")
    outputs = [Output("video", None, video)]
    last_frame = reading.web_url(reading.member(task, "content", "last_frame_url"))
    if last_frame is not None:
        outputs.append(Output("image", "last_frame", last_frame))
    return Succeeded(tuple(outputs), _usage(task))


def _usage(task: dict[str, Any]) -> Usage:
    """Ark tells tokens, duration and rate; the frame size follows from resolution and ratio."""
    model = reading.text(task.get("model")) or ""
    frame = (reading.text(task.get("resolution")) or "", reading.text(task.get("ratio")) or "")
    other = any(series in model for series in OTHER_SIZES)
    width, height = (None, None) if other else PIXELS.get(frame, (None, None))
    return Usage(
        output_seconds=reading.seconds(task.get("duration")),
        tokens=reading.whole(reading.member(task, "usage", "completion_tokens")),
        width=width,
        height=height,
        fps=reading.whole(task.get("framespersecond")),
    )
