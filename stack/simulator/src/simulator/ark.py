"""Volcengine Ark: Seedance below `/ark/api/v3/contents/generations/tasks` (providers.md section 4)."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import orjson
from simulator.ark_models import Series, series_of
from simulator.ark_request import ArkRequest, invalid
from simulator.files import FileStore, serve
from simulator.intake import Intake
from simulator.jobs import Job
from simulator.render.spec import FRAME_RATE, Result
from simulator.results import frame_count, one_video
from simulator.web import ProviderError, bearer, json_object, reply
from simulator.webhooks import FINAL_RETRIES, Notice
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TASKS = "/ark/api/v3/contents/generations/tasks"
_TYPES = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 429: "TooManyRequests"}
_FAULTS = {
    400: "InvalidParameter", 401: "AuthenticationError", 403: "AccessDenied", 404: "NotFound",
    429: "RateLimitExceeded.EndpointRPMExceeded",
}  # fmt: skip
_FAILURES = {
    "fail": ("InternalServiceError", "The service encountered an unexpected internal error."),
    "moderated": (
        "OutputVideoSensitiveContentDetected",
        "The request failed because the output video may contain sensitive information.",
    ),
    "expire": ("TaskExpired", "The task did not finish within execution_expires_after."),
    "input": (
        "InvalidParameter",
        "The parameter `content` specified in the request is not valid: resource download failed.",
    ),
    "render": ("InternalServiceError", "The service encountered an unexpected internal error."),
}
_ECHOED = ("seed", "resolution", "ratio", "draft", "service_tier", "execution_expires_after", "priority")
_WHEN_GIVEN = ("tools", "draft_task_id")


class Ark:
    """The Seedance dialect."""

    name = "ark"

    def __init__(self, intake: Intake, files: FileStore) -> None:
        self._intake, self._files = intake, files

    def routes(self) -> list[Route]:
        """All paths below `/ark`."""
        wrap, poll = self._intake.endpoint, self._intake.polling
        return [
            Route(TASKS, wrap(self, self._create), methods=["POST"]),
            Route(f"{TASKS}/{{id}}", poll(self, self._get), methods=["GET"]),
            Route(TASKS, poll(self, self._list), methods=["GET"]),
            Route(f"{TASKS}/{{id}}", wrap(self, self._delete), methods=["DELETE"]),
            Route("/ark/files/{name}", self._file, methods=["GET"]),
        ]

    def refuse(self, error: ProviderError) -> Response:
        """`{"error": {code, message, param, type}}`; the message ends with the request's id."""
        kind = _TYPES.get(error.status, "BadRequest" if error.status < 500 else "InternalServerError")
        message = f"{error.message} Request id: {_request_id()}"
        body = {"code": error.code, "message": message, "param": error.param, "type": kind}
        return reply({"error": body}, error.status)

    def fault(self, status: int) -> ProviderError:
        """The code that Ark has for a status."""
        return ProviderError(status, _FAULTS.get(status, "InternalServiceError"), "The request was refused.")

    def quota(self) -> ProviderError:
        """An account with unpaid bills."""
        text = "The request failed because your account has an overdue balance."
        return ProviderError(403, "AccountOverdueError", text)

    def failure(self, reason: str) -> tuple[str, str]:
        """What `error` says in a failed task."""
        return _FAILURES[reason]

    def size(self, job: Job, image_size: tuple[int, int] | None) -> tuple[int, int]:
        """By the pixel table; `adaptive` takes the ratio nearest to the image's, 16:9 without one."""
        series, params = _series(job), job.params
        if params["ratio"] == "adaptive":
            params["ratio"] = series.nearest_ratio(params["resolution"], image_size or (16, 9))
        return series.size(params["resolution"], params["ratio"])

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """A video, and its last frame where that is asked for."""
        return one_video(job, image)

    def usage(self, job: Job) -> dict[str, object] | None:
        """Tokens: width * height * fps * (output + input seconds) / 1024 (providers.md 4.3)."""
        width, height = job.size or (0, 0)
        frames = frame_count(job) + round(job.input_seconds * FRAME_RATE)
        tokens = width * height * frames // 1024
        usage: dict[str, object] = {"completion_tokens": tokens, "total_tokens": tokens}
        if job.params.get("tools"):
            usage["tool_usage"] = {"web_search": 1}
        return usage

    def announce(self, job: Job) -> list[Notice]:
        """At each change but a cancel the object of GET, unsigned (providers.md 4.4)."""
        if job.callback_url is None or job.state == "cancelled":
            return []
        return [Notice(job.callback_url, orjson.dumps(_task(job)), FINAL_RETRIES if job.final else 0)]

    async def _create(self, request: Request) -> Response:
        _authenticate(request)
        body = await json_object(request)
        return await self._intake.submit(request, self, lambda: self._job(request, body), _accepted)

    def _job(self, request: Request, body: dict[str, Any] | None) -> Job:
        if body is None:
            raise invalid("body", "the request body is not a JSON object")
        wanted = ArkRequest(body)
        self._check_draft(wanted.draft_task_id)
        stamp = time.strftime("cgt-%Y%m%d%H%M%S-")
        return Job(
            self.name, self._intake.new_id(self.name, stamp, 5), wanted.model, wanted.prompt, time.time(),
            self._intake.base_url(request), wanted.params, f"{wanted.prompt}|{wanted.params['seed']}",
            inputs=wanted.inputs, callback_url=wanted.callback_url,
            safety_identifier=wanted.safety_identifier, correlation=wanted.safety_identifier,
        )  # fmt: skip

    def _check_draft(self, draft_task_id: str | None) -> None:
        if draft_task_id is None:
            return
        draft = self._intake.store.get(self.name, draft_task_id)
        if draft is None or not draft.params["draft"]:
            raise invalid("content.draft_task.id", "no such draft task")

    async def _get(self, request: Request) -> Response:
        _authenticate(request)
        return reply(_task(self._find(request)))

    async def _list(self, request: Request) -> Response:
        _authenticate(request)
        query = request.query_params
        page, size = _page(query.get("page_num"), "page_num"), _page(query.get("page_size"), "page_size")
        wanted = _filter(query.multi_items())
        jobs = [job for job in self._intake.store.newest_first(self.name) if wanted(job)]
        shown = jobs[(page - 1) * size : page * size]
        return reply({"total": len(jobs), "items": [_task(job) for job in shown]})

    async def _delete(self, request: Request) -> Response:
        """Queued: cancelled. Final: the record goes. Running and cancelled ones are refused."""
        _authenticate(request)
        job = self._find(request)
        if job.state == "queued":
            self._intake.runner.cancel(job)
        elif job.state in ("running", "cancelled"):
            text = f"The task {job.id} is {job.state} and cannot be cancelled or deleted."
            raise ProviderError(409, "TaskRunningCannotCancel", text)
        else:
            self._intake.runner.delete(job)
        return reply({})

    def _find(self, request: Request) -> Job:
        job_id = request.path_params["id"]
        job = self._intake.store.get(self.name, job_id)
        if job is None:
            raise ProviderError(
                404, "ResourceNotFound", f"The specified task {job_id} is not found.", param="id"
            )
        return job

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = self._files.read(name, self.name)
        return Response(status_code=404) if data is None else serve(request, name, data)


def _authenticate(request: Request) -> None:
    key = bearer(request)
    if not key or key == "bad-key":
        text = "The API key or AK/SK in the request is missing or invalid."
        raise ProviderError(401, "AuthenticationError", text)


def _accepted(job: Job) -> Response:
    body: dict[str, Any] = {"id": job.id}
    if job.safety_identifier:
        body["safety_identifier"] = job.safety_identifier
    return reply(body)


def _task(job: Job) -> dict[str, Any]:
    """The task object of providers.md 4.2."""
    params = job.params
    error = {"code": job.error[0], "message": job.error[1]} if job.error else None
    task: dict[str, Any] = {
        "id": job.id, "model": job.model, "status": job.state, "error": error,
        "created_at": int(job.accepted_at), "updated_at": int(job.changed_at),
        "framespersecond": FRAME_RATE, "generate_audio": params["audio"],
    }  # fmt: skip
    task.update({name: params[name] for name in _ECHOED})
    task.update({name: params[name] for name in _WHEN_GIVEN if params[name]})
    length = "frames" if "frames" in params else "duration"
    task[length] = params[length]
    if job.safety_identifier:
        task["safety_identifier"] = job.safety_identifier
    if job.state == "succeeded":
        task["content"] = _content(job)
        task["usage"] = job.usage
    return task


def _content(job: Job) -> dict[str, str]:
    files = f"{job.base_url}/ark/files/"
    content = {"video_url": f"{files}{job.files[0]}"}
    if len(job.files) > 1:
        content["last_frame_url"] = f"{files}{job.files[1]}"
    return content


def _series(job: Job) -> Series:
    series = series_of(job.model)
    if series is None:
        raise LookupError(job.model)
    return series


def _request_id() -> str:
    return f"{int(time.time() * 1000)}{uuid.uuid4().hex[:20]}"


def _page(text: str | None, name: str) -> int:
    default = 1 if name == "page_num" else 10
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 500:
        raise invalid(name, "must be an integer from 1 to 500")
    return int(text)


def _filter(query: list[tuple[str, str]]) -> Callable[[Job], bool]:
    ids = {value for name, value in query if name == "filter.task_ids"}
    exact = dict(query)
    status, model = exact.get("filter.status"), exact.get("filter.model")
    tier = exact.get("filter.service_tier")

    def wanted(job: Job) -> bool:
        return (
            (not ids or job.id in ids)
            and status in (None, job.state)
            and model in (None, job.model)
            and tier in (None, job.params["service_tier"])
        )

    return wanted
