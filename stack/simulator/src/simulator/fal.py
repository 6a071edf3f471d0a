"""fal's queue below `/fal` (providers.md section 6): `POST /fal/{owner}/{app}[/{subpath}]`.

The queue takes any body; the model checks it when it runs, so what is wrong with an input is a result.
"""

import time
import uuid
from typing import Any

import orjson
from simulator import fal_answers, open_results
from simulator.fal_models import MODELS
from simulator.files import FileStore, serve
from simulator.intake import Intake
from simulator.jobs import Job
from simulator.open_models import OpenModel, faults, media, model_of
from simulator.open_results import Marketplace
from simulator.web import ProviderError, json_object, reply
from simulator.webhooks import Notice
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

WEBHOOK_RETRIES = 10
_NAMESPACES = ("workflows", "comfy")
_FAILURES = {
    "fail": ("internal_server_error", "Internal server error"),
    "moderated": ("content_policy_violation", "The content could not be processed because it was flagged."),
    "expire": ("request_timeout", "The request timed out."),
    "input": ("file_download_error", "Failed to download the file."),
    "render": ("internal_server_error", "Internal server error"),
}


class Fal(Marketplace):
    """The queue's dialect."""

    name = "fal"

    def __init__(self, intake: Intake, files: FileStore) -> None:
        self._intake, self._files = intake, files

    def routes(self) -> list[Route]:
        """All paths below `/fal`; a job's are below its app, without the subpath."""
        wrap, poll = self._intake.endpoint, self._intake.polling
        routes = [
            Route("/fal/.well-known/jwks.json", self._jwks, methods=["GET"]),
            Route("/fal/files/{name}", self._file, methods=["GET"]),
        ]
        for app in ("{owner}/{alias}", "workflows/{owner}/{alias}", "comfy/{owner}/{alias}"):
            job = f"/fal/{app}/requests/{{id}}"
            routes += [
                Route(f"{job}/status", poll(self, self._status), methods=["GET"]),
                Route(f"{job}/status/stream", poll(self, self._stream), methods=["GET"]),
                Route(job, poll(self, self._result), methods=["GET"]),
                Route(f"{job}/cancel", wrap(self, self._cancel), methods=["PUT"]),
            ]
        return [*routes, Route("/fal/{model:path}", wrap(self, self._create), methods=["POST"])]

    def refuse(self, error: ProviderError) -> Response:
        """`{"detail": …}`; the platform's own errors name their type there and in a header."""
        if not error.code:
            return reply({"detail": error.message}, error.status)
        answer = reply({"detail": error.message, "error_type": error.code}, error.status)
        answer.headers["x-fal-error-type"] = error.code
        return answer

    def fault(self, status: int) -> ProviderError:
        """What fal's gateway says; it has no code for it."""
        return ProviderError(
            status, "", {429: "Too many concurrent requests."}.get(status, "The request failed.")
        )

    def quota(self) -> ProviderError:
        """An account without balance is locked."""
        text = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
        return ProviderError(403, "", text)

    def failure(self, reason: str) -> tuple[str, str]:
        """The type and message of the error."""
        return _FAILURES[reason]

    def usage(self, job: Job) -> dict[str, object] | None:
        """fal reports no usage: what it would bill is the time and the files."""
        return {"inference_seconds": round(time.time() - (job.started_at or 0), 3), "files": len(job.files)}

    def announce(self, job: Job) -> list[Notice]:
        """One webhook, when the job is over, signed anew at each try."""
        if job.callback_url is None or not job.final or job.state == "cancelled":
            return []
        body = orjson.dumps(fal_answers.webhook(job))
        return [Notice(job.callback_url, body, WEBHOOK_RETRIES, fal_answers.signer(job.id, body))]

    async def _create(self, request: Request) -> Response:
        _authenticate(request)
        body = await json_object(request)
        self._check_length(request.query_params.get("fal_max_queue_length"))
        answer = fal_answers.accepted
        return await self._intake.submit(request, self, lambda: self._job(request, body), answer)

    def _check_length(self, most: str | None) -> None:
        waiting = sum(job.state == "queued" for job in self._intake.store.newest_first(self.name))
        if most and most.isdigit() and waiting >= int(most):
            raise ProviderError(429, "", f"Queue length exceeds the maximum of {most}.")

    def _job(self, request: Request, body: dict[str, Any] | None) -> Job:
        name = request.path_params["model"].strip("/")
        model = model_of(name, MODELS)
        parts = name.split("/")
        if model is None or (parts[0] in _NAMESPACES and len(parts) < 3):
            raise ProviderError(404, "", f"Application '{name}' not found")
        if body is None:
            raise ProviderError(400, "bad_request", "The request body must be a JSON object.")
        app = "/".join(parts[: 3 if parts[0] in _NAMESPACES else 2])
        return self._accepted(request, name, app, model, body)

    def _accepted(self, request: Request, name: str, app: str, model: OpenModel, body: dict[str, Any]) -> Job:
        wrong = [fal_answers.detail(fault, body) for fault in faults(model, body)]
        prompt = open_results.prompt_of(body)
        return Job(
            self.name, str(uuid.uuid4()), name, prompt, time.time(), self._intake.base_url(request),
            {"input": body, "makes": model.makes, "answer": model.answer, "app": app, "details": wrong},
            f"{prompt}|{body.get('seed')}", inputs=[] if wrong else media(body),
            callback_url=request.query_params.get("fal_webhook"), outcome="fail" if wrong else "succeed",
        )  # fmt: skip

    async def _status(self, request: Request) -> Response:
        """202 until it is over, then 200, also for what failed."""
        _authenticate(request)
        job = self._find(request)
        logs = request.query_params.get("logs", "").lower() in ("true", "1")
        return reply(self._told(job, logs=logs), 200 if job.final else 202)

    def _told(self, job: Job, *, logs: bool) -> dict[str, Any]:
        ahead = [each for each in self._intake.store.newest_first(self.name) if each.state == "queued"]
        position = sum(each.accepted_at < job.accepted_at for each in ahead)
        return fal_answers.status(job, position, logs=logs)

    async def _stream(self, request: Request) -> Response:
        """The status as server-sent events, one at each change."""
        _authenticate(request)
        job = self._find(request)

        async def events() -> Any:
            told = b""
            while True:
                now = orjson.dumps(self._told(job, logs=False))
                if now != told:
                    yield b"data: " + now + b"\n\n"
                if job.final:
                    return
                told = now
                await self._intake.runner.finished(job, 0.1)

        return StreamingResponse(events(), media_type="text/event-stream")

    async def _result(self, request: Request) -> Response:
        _authenticate(request)
        return fal_answers.result(self._find(request))

    async def _cancel(self, request: Request) -> Response:
        """Queued: it leaves the queue. Running: it is told to stop."""
        _authenticate(request)
        job = self._intake.store.get(self.name, request.path_params["id"])
        if job is None:
            return reply({"status": "NOT_FOUND"}, 404)
        if job.final:
            return reply({"status": "ALREADY_COMPLETED"}, 400)
        self._intake.runner.cancel(job)
        return reply({"status": "CANCELLATION_REQUESTED"}, 202)

    def _find(self, request: Request) -> Job:
        job = self._intake.store.get(self.name, request.path_params["id"])
        if job is None or f"/fal/{job.params['app']}/requests/" not in request.url.path:
            raise ProviderError(404, "", "Request not found")
        return job

    async def _jwks(self, request: Request) -> Response:
        del request
        return reply(fal_answers.JWKS)

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = self._files.read(name, self.name)
        return Response(status_code=404) if data is None else serve(request, name, data)


def _authenticate(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "key" or not key.strip():
        raise ProviderError(401, "", "Authentication is required to access this application.")
    if key.strip() == "bad-key":
        raise ProviderError(401, "", "No user found for Key ID and Secret")
