"""Gemini's Interactions API, for video, `/gemini/v1beta/interactions` (providers.md 3C, 3E)."""

import time
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from simulator.files import FileStore
from simulator.gemini_interactions_request import OmniRequest, invalid
from simulator.google import GoogleVideo, authenticate_key
from simulator.intake import Intake
from simulator.jobs import Job
from simulator.web import ProviderError, json_object, reply
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PREFIX = "v1_"
LONGEST_WAIT_SECONDS = 600.0
TOKENS_PER_SECOND = 5792
"""What a second of 720p counts as."""
_CODES = {
    400: "invalid_request", 401: "authentication", 403: "permission_denied", 404: "not_found",
    409: "failed_precondition", 429: "rate_limit_exceeded", 500: "internal", 503: "unavailable",
}  # fmt: skip
_STATUS = {
    "queued": "in_progress",
    "running": "in_progress",
    "succeeded": "completed",
    "cancelled": "cancelled",
}


class Interactions(GoogleVideo):
    """The Interactions dialect; its jobs, files and dials are Gemini's."""

    name = "gemini"

    def __init__(self, intake: Intake, files: FileStore, uri: Callable[[Job], str]) -> None:
        self._intake, self._files, self._uri = intake, files, uri

    def routes(self) -> list[Route]:
        """All paths below `interactions`."""
        wrap, poll = self._intake.endpoint, self._intake.polling
        root = "/gemini/{version:str}/interactions"
        return [
            Route(root, wrap(self, self._create), methods=["POST"]),
            Route(f"{root}/{{id}}", poll(self, self._get), methods=["GET"]),
            Route(f"{root}/{{id}}/cancel", wrap(self, self._cancel), methods=["POST"]),
            Route(f"{root}/{{id}}", wrap(self, self._delete), methods=["DELETE"]),
        ]

    def refuse(self, error: ProviderError) -> Response:
        """`{"error": {code, message}}`, the code a word; Google's front end refuses keys in its own shape."""
        if error.details:
            return super().refuse(error)
        code = error.code if error.code.islower() else _CODES.get(error.status, "internal")
        return reply({"error": {"code": code, "message": error.message}}, error.status)

    def quota(self) -> ProviderError:
        """An account whose spending has come to its end."""
        text = "You exceeded your current quota, please check your plan and billing details."
        return ProviderError(429, "quota_exceeded", text)

    async def _create(self, request: Request) -> Response:
        """In the background the answer comes at once; without it, when the work is done."""
        authenticate_key(request)
        body = await json_object(request)
        waits = 0.0 if body and body.get("background") else LONGEST_WAIT_SECONDS
        return await self._intake.submit(
            request, self, lambda: self._job(request, body), self._answer, wait_seconds=waits
        )

    def _job(self, request: Request, body: dict[str, Any] | None) -> Job:
        if body is None:
            raise invalid("Invalid JSON payload received.")
        wanted = OmniRequest(body)
        job_id = self._intake.new_id(self.name, PREFIX, 40)
        return Job(
            self.name, job_id, wanted.model, wanted.prompt, time.time(), self._intake.base_url(request),
            wanted.params, f"{wanted.prompt}|{job_id}", inputs=wanted.inputs,
            callback_url=wanted.callback_url,
        )  # fmt: skip

    async def _get(self, request: Request) -> Response:
        authenticate_key(request)
        return self._answer(self._find(request))

    async def _cancel(self, request: Request) -> Response:
        """Only what isn't final; queued and running alike."""
        authenticate_key(request)
        job = self._find(request)
        if job.final:
            raise ProviderError(400, "failed_precondition", f"The interaction is already {_status(job)}.")
        self._intake.runner.cancel(job)
        return self._answer(job)

    async def _delete(self, request: Request) -> Response:
        authenticate_key(request)
        self._intake.runner.delete(self._find(request))
        return reply({})

    def _find(self, request: Request) -> Job:
        """An unknown id is a 400, as seen at the real one."""
        job_id = request.path_params["id"]
        job = self._intake.store.get(self.name, job_id)
        if job is None or not job_id.startswith(PREFIX):
            raise ProviderError(400, "invalid_request", f"Invalid interaction name: {job_id}.")
        return job

    def _answer(self, job: Job) -> Response:
        """The interaction as it stands; a refusal by policy is completed and says why in words."""
        status = _status(job)
        body: dict[str, Any] = {
            "id": job.id, "object": "interaction", "model": job.model, "status": status,
            "created": _time(job.accepted_at), "updated": _time(job.changed_at), "steps": [],
        }  # fmt: skip
        if job.state == "succeeded":
            body["steps"] = [_step({"type": "video", "mime_type": "video/mp4", **self._delivered(job)})]
            body["usage"] = _usage(job)
        elif status == "completed" and job.error:
            body["steps"] = [_step({"type": "text", "text": job.error[1]})]
        elif job.error:
            body["errors"] = [{"code": "internal", "message": job.error[1]}]
        return reply(body)

    def _delivered(self, job: Job) -> dict[str, str]:
        if job.params["delivery"] == "uri":
            return {"uri": self._uri(job)}
        return {"data": b64encode(self._files.read(job.files[0], self.name) or b"").decode()}


def _usage(job: Job) -> dict[str, Any]:
    """Tokens of the video, as the real one counts them."""
    tokens = int(job.params["duration"]) * TOKENS_PER_SECOND
    asked = len(job.prompt) // 4
    return {
        "total_input_tokens": asked,
        "total_output_tokens": tokens,
        "total_tokens": asked + tokens,
        "output_tokens_by_modality": [{"modality": "video", "tokens": tokens}],
    }


def _status(job: Job) -> str:
    refused = job.error is not None and not job.error[0]
    return "completed" if refused else _STATUS.get(job.state, "failed")


def _step(content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "model_output", "content": [content]}


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
