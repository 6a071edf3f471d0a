"""Google's Gemini API: Veo by `predictLongRunning` below `/gemini/v1beta` (providers.md 3A, 3E)."""

import time
from typing import Any

from simulator.files import FileStore, serve
from simulator.gemini_request import MODEL, VeoRequest, invalid
from simulator.intake import Intake
from simulator.jobs import Job
from simulator.render.spec import Result
from simulator.results import one_video
from simulator.web import ProviderError, json_object, reply
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_STATUS_NAMES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
_SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
_GRPC_INTERNAL, _GRPC_INVALID, _GRPC_DEADLINE = 13, 3, 4
_FAILURES = {
    "fail": (
        str(_GRPC_INTERNAL),
        "Video generation failed due to an internal server issue. Please try again.",
    ),
    "moderated": ("", "We encountered an issue with the generated video: it may violate our usage policies."),
    "expire": (str(_GRPC_DEADLINE), "The operation did not finish in time."),
    "input": (str(_GRPC_INVALID), "The input media could not be processed."),
    "render": (
        str(_GRPC_INTERNAL),
        "Video generation failed due to an internal server issue. Please try again.",
    ),
}
_FAKE_HOST = "https://generativelanguage.googleapis.com"
_RESPONSE = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"
_QUOTA_FAILURE = "type.googleapis.com/google.rpc.QuotaFailure"
_QUOTA_METRIC = "generativelanguage.googleapis.com/predict_long_running_requests"
_QUOTA_ID = "PredictLongRunningRequestsPerDayPerProjectPerModel"
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


class Gemini:
    """The Veo dialect."""

    name = "gemini"

    def __init__(self, intake: Intake, files: FileStore) -> None:
        self._intake, self._files = intake, files

    def routes(self) -> list[Route]:
        """All paths below `/gemini`; `/v1` and `/v1beta` are the same."""
        wrap, poll = self._intake.endpoint, self._intake.polling
        root = "/gemini/{version:str}"
        return [
            Route(f"{root}/models/{{model}}/operations/{{id}}", poll(self, self._get), methods=["GET"]),
            Route(f"{root}/models/{{model}}:predictLongRunning", wrap(self, self._create), methods=["POST"]),
            Route(f"{root}/files/{{id}}:download", wrap(self, self._download), methods=["GET"]),
        ]

    def refuse(self, error: ProviderError) -> Response:
        """`{"error": {code, message, status, details?}}`."""
        body: dict[str, Any] = {"code": error.status, "message": error.message, "status": error.code}
        if error.details:
            body["details"] = error.details
        return reply({"error": body}, error.status)

    def fault(self, status: int) -> ProviderError:
        """The name that Google has for a status."""
        return ProviderError(status, _STATUS_NAMES.get(status, "INTERNAL"), "The request was refused.")

    def quota(self) -> ProviderError:
        """A daily quota: the status of throttling, told apart by its details."""
        violation = {"quotaMetric": _QUOTA_METRIC, "quotaId": _QUOTA_ID}
        details = [{"@type": _QUOTA_FAILURE, "violations": [violation]}]
        text = "You exceeded your current quota, please check your plan and billing details."
        return ProviderError(429, "RESOURCE_EXHAUSTED", text, details=details)

    def failure(self, reason: str) -> tuple[str, str]:
        """gRPC code and message; moderation has no code, it isn't an error here."""
        return _FAILURES[reason]

    def size(self, job: Job, image_size: tuple[int, int] | None) -> tuple[int, int]:
        """Resolution and aspect as asked; an image is cropped to them."""
        del image_size
        width, height = _SIZES[job.params["resolution"]]
        return (width, height) if job.params["aspect"] == "16:9" else (height, width)

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """One video."""
        return one_video(job, image)

    def usage(self, job: Job) -> dict[str, object] | None:
        """The operation has no usage; the log says what the price list would count."""
        return {
            "video_seconds": job.params["duration"],
            "resolution": job.params["resolution"],
            "video_count": 1,
        }

    async def _create(self, request: Request) -> Response:
        _authenticate(request)
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
        _authenticate(request)
        job = self._intake.store.get(self.name, request.path_params["id"])
        if job is None or job.model != request.path_params["model"]:
            raise ProviderError(404, "NOT_FOUND", "The requested operation was not found.")
        return reply(self._operation(job))

    def _operation(self, job: Job) -> dict[str, Any]:
        """No state but `done`; filtered content is a response without samples, not an error."""
        operation: dict[str, Any] = {"name": _name(job)}
        if job.state in ("queued", "running"):
            return operation
        operation["done"] = True
        if job.state == "succeeded":
            sample = {"video": {"uri": self._uri(job)}}
            operation["response"] = {
                "@type": _RESPONSE,
                "generateVideoResponse": {"generatedSamples": [sample]},
            }
            return operation
        code, message = job.error or _FAILURES["fail"]
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
        _authenticate(request)
        if request.query_params.get("alt") != "media":
            raise invalid("Only `alt=media` is supported for downloads.")
        name = f"{request.path_params['id']}.mp4"
        data = self._files.read(name, self.name)
        if data is None:
            file_id = request.path_params["id"]
            text = f"You do not have permission to access the File {file_id} or it may not exist."
            raise ProviderError(403, "PERMISSION_DENIED", text)
        return serve(request, name, data)


def _authenticate(request: Request) -> None:
    """No key is 403; a wrong one is 400 with a reason in the details (providers.md 3E)."""
    key = request.headers.get("x-goog-api-key") or request.query_params.get("key")
    if not key:
        text = "Method doesn't allow unregistered callers (callers without established identity)."
        raise ProviderError(403, "PERMISSION_DENIED", text)
    if key == "bad-key":
        details = [{"@type": _ERROR_INFO, "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]
        text = "API key not valid. Please pass a valid API key."
        raise ProviderError(400, "INVALID_ARGUMENT", text, details=details)


def _name(job: Job) -> str:
    return f"models/{job.model}/operations/{job.id}"


def _operation_name(job: Job) -> Response:
    return reply({"name": _name(job)})
