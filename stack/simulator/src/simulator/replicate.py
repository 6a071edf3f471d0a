"""Replicate's HTTP API below `/replicate/v1` (providers.md section 7)."""

import hashlib
import re
import time
from typing import Any

import orjson
from simulator import open_results, replicate_answers
from simulator.files import FileStore, serve
from simulator.intake import Intake
from simulator.jobs import Job
from simulator.open_models import faults, media, model_of
from simulator.open_results import Marketplace
from simulator.replicate_models import MODELS, UNNAMED, VERSIONS
from simulator.web import ProviderError, bearer, json_object, reply
from simulator.webhooks import Notice
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PAGE = 100
_ROOT = "/replicate/v1"
_EVENTS = ("start", "output", "logs", "completed")
_NOT_FOUND = "The requested resource could not be found."
_VERSION_TEXT = "The specified version does not exist (or perhaps you don't have permission to use it?)"
_FAILURES = {
    "fail": ("failed", "Prediction interrupted; please retry (code: PA)"),
    "moderated": (
        "failed",
        "The input or output was flagged as sensitive. Please try again with different inputs. (E005)",
    ),
    "expire": ("aborted", ""),
    "input": ("failed", "Failed to download the file at the given url."),
    "render": ("failed", "The model crashed (E1000)"),
}


class Replicate(Marketplace):
    """Replicate's dialect."""

    name = "replicate"

    def __init__(self, intake: Intake, files: FileStore) -> None:
        self._intake, self._files = intake, files

    def routes(self) -> list[Route]:
        """All paths below `/replicate`."""
        wrap, poll = self._intake.endpoint, self._intake.polling
        model = f"{_ROOT}/models/{{owner}}/{{name}}"
        return [
            Route(f"{_ROOT}/predictions/{{id}}", poll(self, self._get), methods=["GET"]),
            Route(f"{_ROOT}/predictions/{{id}}/cancel", wrap(self, self._cancel), methods=["POST"]),
            Route(f"{_ROOT}/predictions", poll(self, self._list), methods=["GET"]),
            Route(f"{_ROOT}/predictions", wrap(self, self._create), methods=["POST"]),
            Route(f"{model}/predictions", wrap(self, self._create), methods=["POST"]),
            Route(
                f"{_ROOT}/deployments/{{owner}}/{{name}}/predictions",
                wrap(self, self._create),
                methods=["POST"],
            ),
            Route(model, poll(self, self._model), methods=["GET"]),
            Route(f"{_ROOT}/webhooks/default/secret", poll(self, self._secret), methods=["GET"]),
            Route(f"{_ROOT}/account", poll(self, self._account), methods=["GET"]),
            Route("/replicate/files/{name}", self._file, methods=["GET"]),
        ]

    def refuse(self, error: ProviderError) -> Response:
        """A problem document; a faulty input's lists its fields."""
        body: dict[str, Any] = {"title": error.code, "detail": error.message, "status": error.status}
        if error.details is not None:
            body["invalid_fields"] = error.details
        return reply(body, error.status)

    def fault(self, status: int) -> ProviderError:
        """What Replicate says of its own."""
        if status == 429:
            return ProviderError(
                429, "Too many requests", "Request was throttled. Expected available in 1 second(s)."
            )
        return ProviderError(
            status, {404: "Not found"}.get(status, "Internal server error"), "The request failed."
        )

    def quota(self) -> ProviderError:
        """An account without credit."""
        return ProviderError(402, "Insufficient credit", "You have insufficient credit to run this model.")

    def failure(self, reason: str) -> tuple[str, str]:
        """The status and the words of the error."""
        return _FAILURES[reason]

    def usage(self, job: Job) -> dict[str, object] | None:
        """Seconds of the machine, which is what Replicate bills most models by."""
        return {"predict_time": round(time.time() - (job.started_at or 0), 6)}

    def announce(self, job: Job) -> list[Notice]:
        """The prediction at its start and at its end, as far as was asked for."""
        event = "completed" if job.final else "start" if job.state == "running" else ""
        if job.callback_url is None or event not in job.params["events"]:
            return []
        body = orjson.dumps(replicate_answers.prediction(job))
        return [Notice(job.callback_url, body, headers=replicate_answers.signer(body))]

    async def _create(self, request: Request) -> Response:
        _authenticate(request)
        body = await json_object(request)
        seconds = _wait_seconds(request.headers.get("prefer", ""))
        return await self._intake.submit(
            request, self, lambda: self._job(request, body), _created, wait_seconds=seconds
        )

    def _job(self, request: Request, body: dict[str, Any] | None) -> Job:
        given = (body or {}).get("input")
        if body is None or not isinstance(given, dict):
            raise _invalid([{"type": "required", "field": "input", "description": "input is required"}])
        name, version = _named(request, body)
        model = model_of(name, MODELS)
        if model is None:
            raise ProviderError(404, "Not found", _NOT_FOUND)
        wrong = faults(model, given)
        if wrong:
            raise _invalid([replicate_answers.invalid_field(each) for each in wrong])
        url, events = _webhook(body)
        prompt = open_results.prompt_of(given)
        asked = {"input": given, "makes": model.makes, "answer": model.answer}
        return Job(
            self.name, self._intake.new_id(self.name, "", 26), name, prompt, time.time(),
            self._intake.base_url(request), {**asked, "version": version, "events": events},
            f"{prompt}|{given.get('seed')}", inputs=media(given), callback_url=url,
        )  # fmt: skip

    async def _get(self, request: Request) -> Response:
        _authenticate(request)
        return reply(replicate_answers.prediction(self._find(request)))

    async def _list(self, request: Request) -> Response:
        """Newest first, a hundred a page; `next` and `previous` are whole addresses."""
        _authenticate(request)
        jobs = self._intake.store.newest_first(self.name)
        cursor = request.query_params.get("cursor", "0")
        if not cursor.isascii() or not cursor.isdigit():
            raise ProviderError(400, "Invalid cursor", "The cursor is not valid.")
        start = int(cursor)
        base = f"{self._intake.base_url(request)}{_ROOT}/predictions"
        older = f"{base}?cursor={start + PAGE}" if start + PAGE < len(jobs) else None
        newer = f"{base}?cursor={max(0, start - PAGE)}" if start else None
        shown = [replicate_answers.prediction(job) for job in jobs[start : start + PAGE]]
        return reply({"previous": newer, "next": older, "results": shown})

    async def _cancel(self, request: Request) -> Response:
        """What is over stays as it is; anything else is canceled."""
        _authenticate(request)
        job = self._find(request)
        if not job.final:
            self._intake.runner.cancel(job)
        return reply(replicate_answers.prediction(job))

    async def _model(self, request: Request) -> Response:
        _authenticate(request)
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        model = model_of(name, MODELS)
        if model is None:
            raise ProviderError(404, "Not found", _NOT_FOUND)
        return reply(replicate_answers.model(name, f"{self._intake.base_url(request)}/replicate"))

    async def _secret(self, request: Request) -> Response:
        _authenticate(request)
        return reply({"key": replicate_answers.SECRET})

    async def _account(self, request: Request) -> Response:
        _authenticate(request)
        return reply({"type": "user", "username": "simulated", "name": "Simulated", "github_url": None})

    def _find(self, request: Request) -> Job:
        job = self._intake.store.get(self.name, request.path_params["id"])
        if job is None:
            raise ProviderError(404, "Not found", _NOT_FOUND)
        return job

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = self._files.read(name, self.name)
        return Response(status_code=404) if data is None else serve(request, name, data)


def _authenticate(request: Request) -> None:
    key = bearer(request)
    if not key or key == "bad-key":
        text = (
            "You did not pass a valid authentication token"
            if key
            else "You did not pass an authentication token"
        )
        raise ProviderError(401, "Unauthenticated", text)


def _created(job: Job) -> Response:
    """A prediction that `Prefer: wait` didn't see the end of is told as starting."""
    told = replicate_answers.prediction(job)
    return reply(told if job.final else {**told, "status": "starting"}, 201)


def _named(request: Request, body: dict[str, Any]) -> tuple[str, str]:
    """Model and version, from the path or from the body's `version`."""
    if "owner" in request.path_params:
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        return name, hashlib.sha256(name.encode()).hexdigest()
    written = body.get("version")
    if not isinstance(written, str) or not written:
        raise _invalid([{"type": "required", "field": "version", "description": "version is required"}])
    name, _, version = written.rpartition(":")
    if "/" in version:
        return version, hashlib.sha256(version.encode()).hexdigest()
    if not re.fullmatch(r"[0-9a-f]{64}", version):
        raise ProviderError(422, "Invalid version or not permitted", _VERSION_TEXT)
    return name or VERSIONS.get(version, UNNAMED), version


def _invalid(fields: list[dict[str, str]]) -> ProviderError:
    text = "".join(f"- {each['field']}: {each['description']}\n" for each in fields)
    return ProviderError(422, "Input validation failed", text, details=fields)


def _webhook(body: dict[str, Any]) -> tuple[str | None, list[str]]:
    url, events = body.get("webhook"), body.get("webhook_events_filter") or list(_EVENTS)
    if url is not None and (not isinstance(url, str) or not url.startswith(("http://", "https://"))):
        raise _invalid([{"type": "format", "field": "webhook", "description": "webhook must be a URL"}])
    if not isinstance(events, list) or not set(map(str, events)) <= set(_EVENTS):
        text = f"must be a list of {', '.join(_EVENTS)}"
        raise _invalid([{"type": "enum", "field": "webhook_events_filter", "description": text}])
    return url, events


def _wait_seconds(prefer: str) -> float:
    """For how long `Prefer: wait[=n]` holds the answer: 1-60 s."""
    found = re.search(r"\bwait(?:=(\d+))?", prefer)
    return 0.0 if found is None else float(min(60, max(1, int(found[1] or 60))))
