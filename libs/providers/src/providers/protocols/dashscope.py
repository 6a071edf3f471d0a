"""Alibaba Wan on DashScope: asynchronous video synthesis, followed by polling only.

Source: help.aliyun.com (Model Studio, Wan 2.5 to 3.0) and dashscope 2.0.2.
Base URL https://dashscope.aliyuncs.com/api/v1.
A FAILED task and an unknown task id are HTTP 200. There is no idempotency key, no echo of ours and no webhook
per request, so a lost submit can't be found again; the list of tasks takes no ids and names no results.
"""

import re
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
    CancelAccepted,
    Cancelled,
    CancelOutcome,
    CancelRefused,
    Failed,
    Gone,
    Output,
    PollOutcome,
    Progress,
    SubmitOutcome,
    Succeeded,
    Unknown,
    Usage,
)
from providers.protocols import dashscope_errors
from providers.protocols.dashscope_request import input_of, parameters_of, path

LENGTHS = ("output_video_duration", "video_duration", "duration")
"""Where usage has the seconds produced; `duration` counts those of the input as well, since 2.6."""


class DashScope(Basics):
    """The DashScope protocol."""

    name = "dashscope"
    capabilities = Capabilities(
        webhooks=False,
        lookup=False,
        idempotent_submit=False,
        cancel=True,
        cancel_deletes_finished=False,
        min_poll_seconds=1.0,
        result_seconds=24 * 3600,
    )

    def submit(self, base_url: str, credential: Credential, submission: Submission) -> HttpRequest:
        """POST the job. Without the async header DashScope answers 403 AccessDenied."""
        body = {
            "model": submission.model,
            "input": input_of(submission.model, submission.input),
            "parameters": {**submission.options, **parameters_of(submission.model, submission.input)},
        }
        headers = {
            **_authorization(credential),
            "X-DashScope-Async": "enable",
            "Content-Type": "application/json",
        }
        return HttpRequest("POST", base_url.rstrip("/") + path(submission.model), headers, orjson.dumps(body))

    def parse_submit(self, response: HttpResponse) -> SubmitOutcome:
        """200 with a task id is accepted; a 4xx is a definite refusal; anything else is unknown."""
        if response.status >= 300:
            return dashscope_errors.refusal(response)
        body = reading.json_object(response.body)
        job_id = reading.identifier(reading.member(body, "output", "task_id"))
        return Accepted(job_id) if job_id else Unknown(reading.describe(response))

    def poll(self, base_url: str, credential: Credential, job_id: str, step: str = "") -> HttpRequest:
        """GET the task."""
        return HttpRequest("GET", _task(base_url, job_id), _authorization(credential))

    def parse_poll(self, response: HttpResponse, step: str = "") -> PollOutcome:
        """Read a task's `output`, or why there is none."""
        if response.status >= 300:
            return dashscope_errors.call_fault(response)
        body = reading.json_object(response.body)
        output = reading.member(body, "output")
        if body is None or not isinstance(output, dict):
            return Unknown(reading.describe(response))
        return _task_outcome(output, body.get("usage"))

    def cancel(self, base_url: str, credential: Credential, job_id: str) -> HttpRequest | None:
        """POST the cancel; DashScope takes it while the task is PENDING."""
        return HttpRequest("POST", f"{_task(base_url, job_id)}/cancel", _authorization(credential))

    def parse_cancel(self, response: HttpResponse) -> CancelOutcome:
        """200 is taken; 400 UnsupportedOperation means that the task no longer waits."""
        if response.status < 300:
            return CancelAccepted()
        if response.status == 400:
            return CancelRefused(dashscope_errors.read(response).message)
        return dashscope_errors.call_fault(response)


def _task(base_url: str, job_id: str) -> str:
    return f"{base_url.rstrip('/')}/tasks/{quote(job_id, safe='')}"


def _authorization(credential: Credential) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential.secret}"}


def _task_outcome(output: dict[str, Any], usage: object) -> PollOutcome:
    match output.get("task_status"):
        case "PENDING" | "SUSPENDED":
            return Progress("queued")
        case "RUNNING":
            return Progress("running")
        case "SUCCEEDED":
            return _success(output, usage)
        case "FAILED":
            return dashscope_errors.job_fault(output)
        case "CANCELED":
            return Cancelled()
        case "UNKNOWN":
            return Gone("DashScope doesn't know the task, or no longer")
        case other:
            return Unknown(f"task_status {reading.message(other, 'missing')}")


def _success(output: dict[str, Any], usage: object) -> PollOutcome:
    video = reading.web_url(output.get("video_url"))
    if video is None:
        return Failed("no_output", "the task succeeded without a video_url")
    return Succeeded((Output("video", None, video),), _usage(usage))


def _usage(usage: object) -> Usage:
    """Seconds are `output_video_duration` since 2.6, `video_duration` up to 2.5; the size is "W*H"."""
    lengths = (reading.seconds(reading.member(usage, name)) for name in LENGTHS)
    produced = next((each for each in lengths if each is not None), None)
    size = re.fullmatch(r"(\d{1,5})\*(\d{1,5})", reading.text(reading.member(usage, "size")) or "")
    return Usage(
        output_seconds=produced,
        input_seconds=reading.seconds(reading.member(usage, "input_video_duration")),
        width=int(size[1]) if size else None,
        height=int(size[2]) if size else None,
    )
