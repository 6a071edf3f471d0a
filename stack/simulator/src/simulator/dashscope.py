"""Alibaba DashScope: Wan 2.2 to 3.0 below `/dashscope/api/v1` (providers.md section 5)."""

import math
import time
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from simulator.dashscope_media import invalid
from simulator.dashscope_models import SIZES, model_of
from simulator.dashscope_request import WanRequest
from simulator.files import FileStore, serve
from simulator.intake import Intake
from simulator.jobs import Job, State
from simulator.render.spec import Result
from simulator.results import one_video
from simulator.web import ProviderError, bearer, json_object, reply
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_BEIJING = timezone(timedelta(hours=8))
_STATUS: dict[State, str] = {
    "queued": "PENDING", "running": "RUNNING", "succeeded": "SUCCEEDED", "failed": "FAILED",
    "cancelled": "CANCELED", "expired": "FAILED",
}  # fmt: skip
_FAULTS = {
    400: "InvalidParameter", 401: "InvalidApiKey", 403: "AccessDenied", 404: "ModelNotFound",
    429: "Throttling.RateQuota", 503: "ModelUnavailable",
}  # fmt: skip
_FAILURES = {
    "fail": ("InternalError.Algo", "Internal algorithm error, please try again."),
    "moderated": ("DataInspectionFailed", "Output data may contain inappropriate content."),
    "expire": ("InternalError.Timeout", "The task did not finish in time."),
    "input": ("InvalidURL", "The media resource can not be downloaded or opened, please check the url."),
    "render": ("InternalError", "An internal error has occurred, please try again later."),
}
_LONGEST_ASPECT = 2.5


class DashScope:
    """The Wan dialect."""

    name = "dashscope"

    def __init__(self, intake: Intake, files: FileStore) -> None:
        self._intake, self._files = intake, files
        self._second, self._queries = 0, 0

    def routes(self) -> list[Route]:
        """All paths below `/dashscope`."""
        wrap, poll = self._intake.endpoint, self._intake.polling
        root = "/dashscope/api/v1"
        return [
            Route(f"{root}/tasks/{{id}}", poll(self, self._get), methods=["GET"]),
            Route(
                f"{root}/services/aigc/video-generation/video-synthesis",
                wrap(self, self._create),
                methods=["POST"],
            ),
            Route(
                f"{root}/services/aigc/image2video/video-synthesis",
                wrap(self, self._create),
                methods=["POST"],
            ),
            Route(f"{root}/tasks/", poll(self, self._list), methods=["GET"]),
            Route(f"{root}/tasks", poll(self, self._list), methods=["GET"]),
            Route(f"{root}/tasks/{{id}}/cancel", wrap(self, self._cancel), methods=["POST"]),
            Route("/dashscope/files/{name}", self._file, methods=["GET"]),
        ]

    def refuse(self, error: ProviderError) -> Response:
        """`{code, message, request_id}` at the top level."""
        return reply(
            {"code": error.code, "message": error.message, "request_id": _request_id()}, error.status
        )

    def fault(self, status: int) -> ProviderError:
        """The code that DashScope has for a status."""
        return ProviderError(status, _FAULTS.get(status, "InternalError"), "The request was refused.")

    def quota(self) -> ProviderError:
        """An account with unpaid bills: 400, not 402."""
        text = "Access denied, please make sure your account is in good standing."
        return ProviderError(400, "Arrearage", text)

    def failure(self, reason: str) -> tuple[str, str]:
        """What `output.code` and `output.message` say in a FAILED task."""
        return _FAILURES[reason]

    def size(self, job: Job, image_size: tuple[int, int] | None) -> tuple[int, int]:
        """As asked; from an image: the resolution is the short side, the shape is the image's."""
        size = job.params.get("size") or _table_size(job)
        if size and not (image_size and job.params.get("ratio") == "adaptive"):
            width, height = size.split("*")
            return int(width), int(height)
        short = int(job.params["resolution"].removesuffix("P"))
        width, height = image_size or (16, 9)
        long = math.floor(short * min(_LONGEST_ASPECT, max(width, height) / min(width, height)) / 2 + 0.5) * 2
        return (long, short) if width >= height else (short, long)

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """One video."""
        return one_video(job, image)

    def usage(self, job: Job) -> dict[str, object] | None:
        """Seconds, size and resolution tier (providers.md 5.2)."""
        width, height = job.size or (0, 0)
        duration = int(job.params["duration"])
        if job.params["old_usage"]:
            return {"video_duration": duration, "video_ratio": f"{width}*{height}", "video_count": 1}
        usage: dict[str, object] = {
            "duration": duration + math.ceil(job.input_seconds),
            "input_video_duration": math.ceil(job.input_seconds),
            "output_video_duration": duration,
            "video_count": 1,
            "size": f"{width}*{height}",
            "SR": _tier(job, width * height),
        }
        if _can_be_silent(job):
            usage["audio"] = job.params["audio"]
        if "ratio" in job.params:
            usage["ratio"] = job.params["ratio"]
        return usage

    async def _create(self, request: Request) -> Response:
        _authenticate(request)
        if request.headers.get("x-dashscope-async") != "enable":
            text = "current user api does not support synchronous calls."
            raise ProviderError(403, "AccessDenied", text)
        body = await json_object(request)
        return await self._intake.submit(request, self, lambda: self._job(request, body), _accepted)

    def _job(self, request: Request, body: dict[str, Any] | None) -> Job:
        if body is None:
            raise invalid("Required body invalid, please check the request body format.")
        resolves = request.headers.get("x-dashscope-ossresourceresolve") == "enable"
        keyframes = "/image2video/" in request.url.path
        wanted = WanRequest(body, keyframes=keyframes, resolves_oss=resolves)
        return Job(
            self.name, str(uuid.uuid4()), wanted.model, wanted.prompt, time.time(),
            self._intake.base_url(request), wanted.params, f"{wanted.prompt}|{wanted.params['seed']}",
            inputs=wanted.inputs,
        )  # fmt: skip

    async def _get(self, request: Request) -> Response:
        """Always 200: an unknown or expired id is a task in state UNKNOWN."""
        _authenticate(request)
        self._check_rate(request)
        job_id = request.path_params["id"]
        job = self._intake.store.get(self.name, job_id)
        if job is None:
            return reply(
                {"request_id": _request_id(), "output": {"task_id": job_id, "task_status": "UNKNOWN"}}
            )
        answer: dict[str, Any] = {"request_id": _request_id(), "output": _output(job)}
        if job.state == "succeeded":
            answer["usage"] = job.usage
        return reply(answer)

    def _check_rate(self, request: Request) -> None:
        """Queries in this second against the limit, if one is set."""
        limit, now = self._intake.panel.query_qps, int(time.monotonic())
        if now != self._second:
            self._second, self._queries = now, 0
        self._queries += 1
        if limit and self._queries > limit:
            request.scope["simulator.knobs"].made["throttled"] += 1
            raise ProviderError(
                429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."
            )

    async def _list(self, request: Request) -> Response:
        _authenticate(request)
        query = request.query_params
        number, size = (
            _positive(query.get("page_no"), 1, "page_no"),
            _positive(query.get("page_size"), 10, "page_size"),
        )
        since, until = _moment(query.get("start_time")), _moment(query.get("end_time"))
        status, model = query.get("status"), query.get("model_name")
        jobs = [
            job
            for job in self._intake.store.newest_first(self.name)
            if (since is None or job.accepted_at >= since)
            and (until is None or job.accepted_at <= until)
            and status in (None, _STATUS[job.state])
            and model in (None, job.model)
        ]
        shown = jobs[(number - 1) * size : number * size]
        items, outputs = [_list_item(job) for job in shown], [_output(job) for job in shown]
        page = {"page_no": number, "page_size": size, "total_page": math.ceil(len(jobs) / size)}
        # `data` is the documented name, `tasks` the one that the SDK's v2 client reads.
        return reply(
            {"request_id": _request_id(), "total": len(jobs), "data": items, "tasks": outputs, **page}
        )

    async def _cancel(self, request: Request) -> Response:
        _authenticate(request)
        job = self._intake.store.get(self.name, request.path_params["id"])
        if job is None or job.state != "queued":
            text = "Failed to cancel the task, please confirm if the task is in PENDING status."
            raise ProviderError(400, "UnsupportedOperation", text)
        self._intake.runner.cancel(job)
        return reply({"request_id": _request_id()})

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = self._files.read(name, self.name)
        return Response(status_code=404) if data is None else serve(request, name, data)


def _authenticate(request: Request) -> None:
    key = bearer(request)
    if not key or key == "bad-key":
        text = "No API-key provided." if not key else "Invalid API-key provided."
        raise ProviderError(401, "InvalidApiKey", text)


def _accepted(job: Job) -> Response:
    return reply({"output": {"task_status": "PENDING", "task_id": job.id}, "request_id": _request_id()})


def _output(job: Job) -> dict[str, Any]:
    """`output` of providers.md 5.2; what isn't known yet isn't there."""
    output: dict[str, Any] = {
        "task_id": job.id,
        "task_status": _STATUS[job.state],
        "submit_time": _time(job.accepted_at),
    }
    if job.started_at:
        output["scheduled_time"] = _time(job.started_at)
    if job.finished_at:
        output["end_time"] = _time(job.finished_at)
    if job.state == "succeeded":
        output["orig_prompt"] = job.prompt
        output["video_url"] = f"{job.base_url}/dashscope/files/{job.files[0]}"
    if job.error:
        output["code"], output["message"] = job.error
    return output


def _list_item(job: Job) -> dict[str, Any]:
    return {
        "task_id": job.id,
        "status": _STATUS[job.state],
        "task_status": _STATUS[job.state],
        "model_name": job.model,
        "gmt_create": int(job.accepted_at * 1000),
        "start_time": int(job.started_at * 1000) if job.started_at else None,
        "end_time": int(job.finished_at * 1000) if job.finished_at else None,
        "region": "cn-beijing",
        "request_id": job.id,
    }


def _can_be_silent(job: Job) -> bool:
    known = model_of(job.model)
    return known is not None and known.silent == "by request"


def _table_size(job: Job) -> str | None:
    """The size of a resolution and a ratio; 21:9 and adaptive count as 16:9."""
    ratio = job.params.get("ratio")
    if ratio is None:
        return None
    row = SIZES[job.params["resolution"]]
    return row.get(ratio, row["16:9"])


def _tier(job: Job, pixels: int) -> int:
    resolution = job.params.get("resolution")
    if resolution:
        return int(resolution.removesuffix("P"))
    return 720 if pixels <= 1280 * 720 * 1.05 else 1080


def _time(moment: float) -> str:
    """Beijing time, milliseconds."""
    return datetime.fromtimestamp(moment, _BEIJING).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _moment(text: str | None) -> float | None:
    """`YYYYMMDDhhmmss`, Beijing time, as unix seconds."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=_BEIJING).astimezone(UTC).timestamp()
    except ValueError:
        raise invalid("start_time and end_time must be YYYYMMDDhhmmss") from None


def _positive(text: str | None, default: int, name: str) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 10_000:
        raise invalid(f"{name} must be a positive integer")
    return int(text)


def _request_id() -> str:
    return str(uuid.uuid4())
