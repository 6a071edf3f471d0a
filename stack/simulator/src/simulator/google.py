"""What Google's video services have in common: errors, sizes, what an operation says in the end."""

from dataclasses import replace
from typing import Any

from simulator.jobs import Job
from simulator.render.spec import Result, VideoSpec
from simulator.results import one_video
from simulator.web import ProviderError, reply
from starlette.requests import Request
from starlette.responses import Response

STATUS_NAMES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    409: "ABORTED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
SHORT_SIDES = {"360p": 360, "720p": 720, "1080p": 1080, "4k": 2160}
_INTERNAL, _INVALID, _DEADLINE = 13, 3, 4
_BROKEN = (str(_INTERNAL), "Video generation failed due to an internal server issue. Please try again.")
FAILURES = {
    "fail": _BROKEN,
    "moderated": ("", "We encountered an issue with the generated video: it may violate our usage policies."),
    "expire": (str(_DEADLINE), "The operation did not finish in time."),
    "input": (str(_INVALID), "The input media could not be processed."),
    "render": _BROKEN,
}
"""gRPC code and message; moderation has no code, it isn't an error here."""
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_QUOTA_FAILURE = "type.googleapis.com/google.rpc.QuotaFailure"
_QUOTA_METRIC = "generativelanguage.googleapis.com/predict_long_running_requests"
_QUOTA_ID = "PredictLongRunningRequestsPerDayPerProjectPerModel"


class GoogleVideo:
    """The parts of `provider.Provider` that are the same; `params` have resolution, aspect and duration."""

    def refuse(self, error: ProviderError) -> Response:
        """`{"error": {code, message, status, details?}}`."""
        body: dict[str, Any] = {"code": error.status, "message": error.message, "status": error.code}
        if error.details:
            body["details"] = error.details
        return reply({"error": body}, error.status)

    def fault(self, status: int) -> ProviderError:
        """The name that Google has for a status."""
        return ProviderError(status, STATUS_NAMES.get(status, "INTERNAL"), "The request was refused.")

    def quota(self) -> ProviderError:
        """A daily quota: the status of throttling, told apart by its details."""
        violation = {"quotaMetric": _QUOTA_METRIC, "quotaId": _QUOTA_ID}
        details = [{"@type": _QUOTA_FAILURE, "violations": [violation]}]
        text = "You exceeded your current quota, please check your plan and billing details."
        return ProviderError(429, "RESOURCE_EXHAUSTED", text, details=details)

    def failure(self, reason: str) -> tuple[str, str]:
        """gRPC code and message."""
        return FAILURES[reason]

    def size(self, job: Job, image_size: tuple[int, int] | None) -> tuple[int, int]:
        """Resolution and aspect as asked; an image is cropped to them."""
        del image_size
        short = SHORT_SIDES[job.params["resolution"]]
        long = short * 16 // 9
        return (long, short) if job.params["aspect"] == "16:9" else (short, long)

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """As many videos as samples were asked for, each with a look of its own."""
        (video,) = one_video(job, image)
        return [_sample(video, number) for number in range(job.params.get("samples", 1))]

    def usage(self, job: Job) -> dict[str, object] | None:
        """The operation has no usage; the log says what the price list would count."""
        return {
            "video_seconds": job.params["duration"],
            "resolution": job.params["resolution"],
            "video_count": len(job.files),
        }


def _sample(video: Result, number: int) -> Result:
    if number == 0 or not isinstance(video.spec, VideoSpec):
        return video
    return Result(video.suffix, replace(video.spec, look=f"{video.spec.look}|{number}"))


def authenticate_key(request: Request) -> None:
    """No key is 403; a wrong one is 400 with a reason in the details (providers.md 3E)."""
    key = request.headers.get("x-goog-api-key") or request.query_params.get("key")
    if not key:
        text = "Method doesn't allow unregistered callers (callers without established identity)."
        raise ProviderError(403, "PERMISSION_DENIED", text)
    if key == "bad-key":
        details = [{"@type": _ERROR_INFO, "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]
        text = "API key not valid. Please pass a valid API key."
        raise ProviderError(400, "INVALID_ARGUMENT", text, details=details)
