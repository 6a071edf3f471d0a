"""Google's Gemini API below `/gemini`: Veo by `predictLongRunning`, files, Interactions (providers.md 3A)."""

import time
from typing import Any

from simulator.files import FileStore, serve
from simulator.gemini_interactions import Interactions
from simulator.gemini_request import MODEL, VeoRequest, invalid
from simulator.google import FAILURES, GoogleVideo, authenticate_key
from simulator.intake import Intake
from simulator.jobs import Job
from simulator.web import ProviderError, json_object, reply
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FAKE_HOST = "https://generativelanguage.googleapis.com"
_RESPONSE = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"


class Gemini(GoogleVideo):
    """The Veo dialect, and the files of all jobs here."""

    name = "gemini"

    def __init__(self, intake: Intake, files: FileStore) -> None:
        self._intake, self._files = intake, files
        self._interactions = Interactions(intake, files, self._uri)

    def routes(self) -> list[Route]:
        """All paths below `/gemini`; `/v1` and `/v1beta` are the same."""
        wrap, poll = self._intake.endpoint, self._intake.polling
        root = "/gemini/{version:str}"
        return [
            Route(f"{root}/models/{{model}}/operations/{{id}}", poll(self, self._get), methods=["GET"]),
            Route(f"{root}/models/{{model}}:predictLongRunning", wrap(self, self._create), methods=["POST"]),
            *self._interactions.routes(),
            Route(f"{root}/files/{{id}}:download", wrap(self, self._download), methods=["GET"]),
            Route(f"{root}/files/{{id}}", wrap(self, self._file), methods=["GET"]),
        ]

    async def _create(self, request: Request) -> Response:
        authenticate_key(request)
        body = await json_object(request)
        return await self._intake.submit(request, self, lambda: self._job(request, body), _operation_name)

    def _job(self, request: Request, body: dict[str, Any] | None) -> Job:
        model = request.path_params["model"]
        if MODEL.fullmatch(model) is None:
            text = (
                f"models/{model} is not found for API version {request.path_params['version']}, "
                "or is not supported for predictLongRunning."
            )
            raise ProviderError(404, "NOT_FOUND", text)
        if body is None:
            raise invalid("Invalid JSON payload received.")
        wanted = VeoRequest(model, body)
        job_id = self._intake.new_id(self.name, "", 12)
        return Job(
            self.name, job_id, model, wanted.prompt, time.time(), self._intake.base_url(request),
            wanted.params, f"{wanted.prompt}|{job_id}", inputs=wanted.inputs,
            callback_url=wanted.callback_url,
        )  # fmt: skip

    async def _get(self, request: Request) -> Response:
        authenticate_key(request)
        job = self._intake.store.get(self.name, request.path_params["id"])
        if job is None or job.model != request.path_params["model"]:
            raise ProviderError(404, "NOT_FOUND", "The requested operation was not found.")
        return reply(self._operation(job))

    def _operation(self, job: Job) -> dict[str, Any]:
        """No state but `done`; filtered content is a response without samples, not an error."""
        operation: dict[str, Any] = {"name": _name(job)}
        if not job.final:
            return operation
        operation["done"] = True
        if job.state == "succeeded":
            sample = {"video": {"uri": self._uri(job)}}
            operation["response"] = {
                "@type": _RESPONSE,
                "generateVideoResponse": {"generatedSamples": [sample]},
            }
            return operation
        code, message = job.error or FAILURES["fail"]
        if code:
            operation["error"] = {"code": int(code), "message": message}
            return operation
        filtered = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [message]}
        operation["response"] = {"@type": _RESPONSE, "generateVideoResponse": filtered}
        return operation

    def _uri(self, job: Job) -> str:
        base = _FAKE_HOST if self._intake.panel.gemini_https_uris else f"{job.base_url}/gemini"
        file_id = job.files[0].partition(".")[0]
        return f"{base}/v1beta/files/{file_id}:download?alt=media"

    async def _download(self, request: Request) -> Response:
        authenticate_key(request)
        if request.query_params.get("alt") != "media":
            raise invalid("Only `alt=media` is supported for downloads.")
        return serve(request, *self._read(request))

    async def _file(self, request: Request) -> Response:
        """What the Files API says of a result."""
        authenticate_key(request)
        name, data = self._read(request)
        file_id = name.partition(".")[0]
        uri = f"{self._intake.base_url(request)}/gemini/v1beta/files/{file_id}"
        known = {
            "mimeType": "video/mp4",
            "sizeBytes": str(len(data)),
            "state": "ACTIVE",
            "source": "GENERATED",
        }
        return reply(
            {"name": f"files/{file_id}", "uri": uri, "downloadUri": f"{uri}:download?alt=media", **known}
        )

    def _read(self, request: Request) -> tuple[str, bytes]:
        file_id = request.path_params["id"]
        data = self._files.read(f"{file_id}.mp4", self.name)
        if data is None:
            text = f"You do not have permission to access the File {file_id} or it may not exist."
            raise ProviderError(403, "PERMISSION_DENIED", text)
        return f"{file_id}.mp4", data


def _name(job: Job) -> str:
    return f"models/{job.model}/operations/{job.id}"


def _operation_name(job: Job) -> Response:
    return reply({"name": _name(job)})
