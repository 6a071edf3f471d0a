"""Runway below `/runway/v1`: tasks, followed by polling, cancelled and erased by DELETE (providers.md 9)."""

import time
import uuid
from datetime import UTC, datetime
from typing import Any

from simulator.files import FileStore, serve
from simulator.intake import Intake
from simulator.jobs import Job
from simulator.render.spec import ImageSpec, Result
from simulator.results import one_video
from simulator.runway_models import ENDPOINTS
from simulator.runway_request import DOCS, RunwayRequest
from simulator.web import Handler, ProviderError, bearer, json_object, reply
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

VERSION = "2024-11-06"
DAILY_GENERATIONS, CONCURRENT_GENERATIONS = 200, 5
_CREDIT_BALANCE = 100_000
_FAULTS = {
    401: "The API key is not valid.",
    404: "The requested resource was not found.",
    429: "Too many requests. Please slow down.",
    502: "Runway is under heavy load. Please try again.",
    503: "Runway is under heavy load. Please try again.",
}
_FAILURES = {
    "fail": ("INTERNAL.BAD_OUTPUT.CODE01", "The generation was of bad quality. Please try again."),
    "moderated": ("SAFETY.OUTPUT.VIDEO", "The output did not pass content moderation."),
    "expire": ("INTERNAL", "The task did not finish in time."),
    "input": ("ASSET.INVALID", "The image could not be fetched or read."),
    "render": ("INTERNAL", "An unexpected error occurred."),
}


class Runway:
    """The Runway dialect."""

    name = "runway"

    def __init__(self, intake: Intake, files: FileStore) -> None:
        self._intake, self._files = intake, files

    def routes(self) -> list[Route]:
        """All paths below `/runway`."""
        wrap, poll, root = self._intake.endpoint, self._intake.polling, "/runway/v1"
        submits = [
            Route(f"{root}/{endpoint}", wrap(self, self._create(endpoint)), methods=["POST"])
            for endpoint in ENDPOINTS
        ]
        return [
            Route(f"{root}/tasks/{{id}}", poll(self, self._get), methods=["GET"]),
            Route(f"{root}/tasks/{{id}}", wrap(self, self._delete), methods=["DELETE"]),
            *submits,
            Route(f"{root}/organization", wrap(self, self._organization), methods=["GET"]),
            Route("/runway/files/{name}", self._file, methods=["GET"]),
        ]

    def refuse(self, error: ProviderError) -> Response:
        """`{"error"}`, and for a body that is wrong `issues` and `docUrl`."""
        body: dict[str, Any] = {"error": error.message}
        if error.details:
            body |= {"issues": error.details, "docUrl": DOCS}
        return reply(body, error.status)

    def fault(self, status: int) -> ProviderError:
        """What Runway says with a status."""
        return ProviderError(status, "", _FAULTS.get(status, "The request could not be completed."))

    def quota(self) -> ProviderError:
        """No credits: a 400."""
        return ProviderError(400, "", "You do not have enough credits to run this task.")

    def failure(self, reason: str) -> tuple[str, str]:
        """`failureCode` and `failure` of a FAILED task."""
        return _FAILURES[reason]

    def size(self, job: Job, image_size: tuple[int, int] | None) -> tuple[int, int]:
        """The pixels of `ratio`; an image is cropped to them."""
        del image_size
        width, height = job.params["ratio"].split(":")
        return int(width), int(height)

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """One video, or one picture."""
        if "duration" in job.params:
            return one_video(job, image)
        width, height = job.size or (0, 0)
        spec = ImageSpec(width=width, height=height, caption=job.prompt, look=job.look, image=image)
        return [Result(".png", spec)]

    def usage(self, job: Job) -> dict[str, object] | None:
        """The credits of the price list."""
        return {"credits": job.params["credits"]}

    def _create(self, endpoint: str) -> Handler:
        async def create(request: Request) -> Response:
            _authenticate(request)
            body = await json_object(request)
            return await self._intake.submit(
                request, self, lambda: self._job(request, RunwayRequest(endpoint, body)), _accepted
            )

        return create

    def _job(self, request: Request, wanted: RunwayRequest) -> Job:
        return Job(
            self.name, str(uuid.uuid4()), wanted.model, wanted.prompt, time.time(),
            self._intake.base_url(request), wanted.params, f"{wanted.prompt}|{wanted.params['seed']}",
            inputs=wanted.inputs,
        )  # fmt: skip

    async def _get(self, request: Request) -> Response:
        _authenticate(request)
        return reply(self._task(self._find(request)))

    async def _delete(self, request: Request) -> Response:
        """Unfinished: cancelled. Finished: erased. Either way it is 404 from now on."""
        _authenticate(request)
        job = self._find(request)
        if not job.final:
            self._intake.runner.cancel(job)
        self._intake.runner.delete(job)
        return Response(status_code=204)

    async def _organization(self, request: Request) -> Response:
        _authenticate(request)
        today = [
            job for job in self._intake.store.newest_first(self.name) if time.time() - job.accepted_at < 86400
        ]
        models = {name for each in ENDPOINTS.values() for name in each}
        limits = {
            "maxConcurrentGenerations": CONCURRENT_GENERATIONS,
            "maxDailyGenerations": DAILY_GENERATIONS,
        }
        used = {name: {"dailyGenerations": sum(job.model == name for job in today)} for name in models}
        tier = {"maxMonthlyCreditSpend": _CREDIT_BALANCE, "models": dict.fromkeys(models, limits)}
        return reply({"tier": tier, "creditBalance": _CREDIT_BALANCE, "usage": {"models": used}})

    def _find(self, request: Request) -> Job:
        job = self._intake.store.get(self.name, request.path_params["id"])
        if job is None:
            raise self.fault(404)
        return job

    def _task(self, job: Job) -> dict[str, Any]:
        """What is known in each state: an estimate while it is open, a cost when it is final."""
        task: dict[str, Any] = {"id": job.id, "status": _status(job), "createdAt": _iso(job.accepted_at)}
        if not job.final:
            progress = {"progress": job.percent / 100} if job.state == "running" else {}
            return task | progress | {"estimatedCost": {"credits": job.params["credits"]}}
        task["cost"] = {"credits": job.params["credits"] if job.state == "succeeded" else 0}
        if job.error:
            task["failureCode"], task["failure"] = job.error
        if job.state == "succeeded":
            job.files = [self._files.renewed(name, self.name) for name in job.files]
            task["output"] = [f"{job.base_url}/runway/files/{name}" for name in job.files]
        return task

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = self._files.read(name, self.name)
        return Response(status_code=403) if data is None else serve(request, name, data)


def _authenticate(request: Request) -> None:
    key = bearer(request)
    if not key or key == "bad-key":
        raise ProviderError(401, "", "The API key is not valid.")
    if request.headers.get("x-runway-version") != VERSION:
        raise ProviderError(400, "", f"The X-Runway-Version header must be {VERSION}.")


def _status(job: Job) -> str:
    """What `[sim:queued]` holds back is over the limit of tasks at once."""
    if job.state == "queued":
        return "THROTTLED" if "[sim:queued]" in job.prompt else "PENDING"
    return {"running": "RUNNING", "succeeded": "SUCCEEDED", "cancelled": "CANCELLED"}.get(job.state, "FAILED")


def _accepted(job: Job) -> Response:
    return reply({"id": job.id})


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
