"""Luma Dream Machine below `/luma/dream-machine/v1`: generations, with callbacks (providers.md 9)."""

import time
import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
from simulator.files import FileStore, serve
from simulator.intake import Intake
from simulator.jobs import Job, State
from simulator.luma_request import RESOLUTIONS, LumaRequest
from simulator.render.spec import ImageSpec, Result
from simulator.results import one_video
from simulator.web import Handler, ProviderError, bearer, json_object, reply
from simulator.webhooks import Notice
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

IMAGE_PIXELS = 1024 * 1024
RETRIES, RETRY_SECONDS = 3, 0.1
"""docs.lumalabs.ai, changelog 1.1.0: three more tries, 100 ms apart, until the answer is 200."""
CONCEPTS = ["dolly_zoom", "orbit_left", "orbit_right", "pan_left", "pan_right", "zoom_in", "zoom_out"]
_CREDIT_BALANCE_CENTS = 100_000.0
_CENTS_PER_SECOND = {"540p": 8, "720p": 14, "1080p": 30, "4k": 60}
_CENTS_PER_IMAGE = 2
_STATES: dict[State, str] = {
    "queued": "queued", "running": "dreaming", "succeeded": "completed", "failed": "failed",
    "expired": "failed", "cancelled": "failed",
}  # fmt: skip
_FAULTS = {
    401: "Not authenticated",
    403: "Forbidden",
    404: "Generation not found",
    429: "Too many requests",
}
_FAILURES = {
    "fail": ("", "Job failed"),
    "moderated": ("", "Advanced prompt moderation failed"),
    "expire": ("", "Job timed out"),
    "input": ("", "Failed to read user input frames"),
    "render": ("", "Job failed"),
}


class Luma:
    """The Dream Machine dialect."""

    name = "luma"

    def __init__(self, intake: Intake, files: FileStore) -> None:
        self._intake, self._files = intake, files

    def routes(self) -> list[Route]:
        """All paths below `/luma`."""
        wrap, poll = self._intake.endpoint, self._intake.polling
        root = "/luma/dream-machine/v1"
        return [
            Route(f"{root}/generations/video", wrap(self, self._create("video")), methods=["POST"]),
            Route(f"{root}/generations/image", wrap(self, self._create("image")), methods=["POST"]),
            Route(f"{root}/generations", wrap(self, self._create("video")), methods=["POST"]),
            Route(f"{root}/generations", poll(self, self._list), methods=["GET"]),
            Route(f"{root}/generations/concepts/list", wrap(self, self._concepts), methods=["GET"]),
            Route(f"{root}/generations/{{id}}", poll(self, self._get), methods=["GET"]),
            Route(f"{root}/generations/{{id}}", wrap(self, self._delete), methods=["DELETE"]),
            Route(f"{root}/credits", wrap(self, self._credits), methods=["GET"]),
            Route(f"{root}/ping", wrap(self, self._ping), methods=["GET"]),
            Route("/luma/files/{name}", self._file, methods=["GET"]),
        ]

    def refuse(self, error: ProviderError) -> Response:
        """`{"detail"}`: a sentence, or a list of places and faults."""
        return reply({"detail": error.details or error.message}, error.status)

    def fault(self, status: int) -> ProviderError:
        """What Luma says with a status."""
        return ProviderError(status, "", _FAULTS.get(status, "Internal server error"))

    def quota(self) -> ProviderError:
        """No credits."""
        return ProviderError(400, "", "Insufficient credits")

    def failure(self, reason: str) -> tuple[str, str]:
        """A failed generation has a reason in words, and no code."""
        return _FAILURES[reason]

    def size(self, job: Job, image_size: tuple[int, int] | None) -> tuple[int, int]:
        """The resolution is the short side; pictures have about a million pixels."""
        del image_size
        wide, high = (int(side) for side in job.params["aspect"].split(":"))
        if "resolution" in job.params:
            scale = RESOLUTIONS[job.params["resolution"]] / min(wide, high)
        else:
            scale = (IMAGE_PIXELS / (wide * high)) ** 0.5
        return round(wide * scale / 2) * 2, round(high * scale / 2) * 2

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """One video, or one picture."""
        if "duration" in job.params:
            return one_video(job, image)
        width, height = job.size or (0, 0)
        spec = ImageSpec(width=width, height=height, caption=job.prompt, look=job.look, image=image)
        return [Result("." + job.params["format"], spec)]

    def usage(self, job: Job) -> dict[str, object] | None:
        """Cents; the API itself says nothing of it."""
        if "duration" not in job.params:
            return {"cents": _CENTS_PER_IMAGE}
        return {"cents": _CENTS_PER_SECOND[job.params["resolution"]] * job.params["duration"]}

    def announce(self, job: Job) -> list[Notice]:
        """The generation, when it is dreaming, completed or failed."""
        if job.callback_url is None or job.state == "queued":
            return []
        body = orjson.dumps(self._generation(job))
        return [Notice(job.callback_url, body, RETRIES, retry_seconds=RETRY_SECONDS, taken_by=(200,))]

    def _create(self, kind: str) -> Handler:
        async def create(request: Request) -> Response:
            _authenticate(request)
            body = await json_object(request)
            return await self._intake.submit(
                request, self, lambda: self._job(request, LumaRequest(kind, body)), self._accepted
            )

        return create

    def _job(self, request: Request, wanted: LumaRequest) -> Job:
        job_id = str(uuid.uuid4())
        params = {
            **wanted.params,
            "kind": wanted.kind,
            "request": {"generation_type": wanted.kind, **wanted.body},
        }
        return Job(
            self.name, job_id, wanted.model, wanted.prompt, time.time(), self._intake.base_url(request),
            params, f"{wanted.prompt}|{job_id}", inputs=wanted.inputs, callback_url=wanted.callback_url,
        )  # fmt: skip

    def _accepted(self, job: Job) -> Response:
        return reply(self._generation(job), 201)

    async def _get(self, request: Request) -> Response:
        _authenticate(request)
        return reply(self._generation(self._find(request)))

    async def _list(self, request: Request) -> Response:
        _authenticate(request)
        limit = _number(request.query_params.get("limit"), "limit", 10, 1)
        offset = _number(request.query_params.get("offset"), "offset", 0, 0)
        jobs = self._intake.store.newest_first(self.name)
        shown = [self._generation(job) for job in jobs[offset : offset + limit]]
        more = offset + limit < len(jobs)
        page = {"has_more": more, "count": len(jobs), "limit": limit, "offset": offset}
        return reply({**page, "generations": shown})

    async def _delete(self, request: Request) -> Response:
        """The record goes; what runs goes on."""
        _authenticate(request)
        self._intake.runner.delete(self._find(request))
        return Response(status_code=204)

    async def _credits(self, request: Request) -> Response:
        _authenticate(request)
        return reply({"credit_balance": _CREDIT_BALANCE_CENTS})

    async def _concepts(self, request: Request) -> Response:
        _authenticate(request)
        return reply(CONCEPTS)

    async def _ping(self, request: Request) -> Response:
        _authenticate(request)
        return reply({"message": "pong"})

    def _find(self, request: Request) -> Job:
        job = self._intake.store.get(self.name, request.path_params["id"])
        if job is None:
            raise self.fault(404)
        return job

    def _generation(self, job: Job) -> dict[str, Any]:
        assets = None
        if job.state == "succeeded":
            assets = {job.params["kind"]: f"{job.base_url}/luma/files/{job.files[0]}"}
        return {
            "id": job.id,
            "generation_type": job.params["kind"],
            "state": _STATES[job.state],
            "failure_reason": job.error[1] if job.error else None,
            "created_at": datetime.fromtimestamp(job.accepted_at, UTC).isoformat(),
            "assets": assets,
            "model": job.model,
            "request": job.params["request"],
        }

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = self._files.read(name, self.name)
        return Response(status_code=403) if data is None else serve(request, name, data)


def _authenticate(request: Request) -> None:
    key = bearer(request)
    if not key:
        raise ProviderError(401, "", "Not authenticated")
    if key == "bad-key":
        raise ProviderError(401, "", "Invalid API key")


def _number(text: str | None, name: str, default: int, least: int) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= 100_000:
        message = "Input should be a valid integer"
        raise ProviderError(
            422, "", message, details=[{"loc": ["query", name], "msg": message, "type": "int_parsing"}]
        )
    return int(text)
