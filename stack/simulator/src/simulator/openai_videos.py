"""OpenAI's videos below `/openai/v1/videos` (providers.md section 1)."""

from typing import Any

from simulator.facts import PROVIDERS
from simulator.files import serve
from simulator.inputs import MediaInput, decode_data_uri, image_size
from simulator.jobs import Job, State
from simulator.openai_part import Part
from simulator.openai_shape import Fields, Upload, authenticate, invalid, no_such_model
from simulator.render.spec import FRAME_RATE, ImageSpec, Result, VideoSpec
from simulator.web import ProviderError, reply
from starlette.requests import Request
from starlette.responses import Response

STATUS: dict[State, str] = {
    "queued": "queued", "running": "in_progress", "succeeded": "completed", "failed": "failed",
    "cancelled": "failed", "expired": "failed",
}  # fmt: skip
SECONDS = ("4", "8", "12", "16", "20")
SMALL = ("720x1280", "1280x720")
LARGE = (*SMALL, "1024x1792", "1792x1024", "1080x1920", "1920x1080")
SIZES = {
    "sora-2": SMALL, "sora-2-2025-10-06": SMALL, "sora-2-2025-12-08": SMALL,
    "sora-2-pro": LARGE, "sora-2-pro-2025-10-06": LARGE,
}  # fmt: skip
VARIANTS = {"video": 0, "thumbnail": 1, "spritesheet": 2}
"""Which of a job's files."""
_CREATE = ("prompt", "model", "seconds", "size", "input_reference")
_IMAGES = ("image/jpeg", "image/png", "image/webp")


class Videos(Part):
    """Create, remix, get, list, content, delete."""

    kind = "video"
    prefix = ("video_", 48)

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """The video, its thumbnail, and its frames on one sheet."""
        width, height = job.size or (0, 0)
        look = {"caption": job.prompt, "look": job.look, "image": image}
        frames = int(job.params["seconds"]) * FRAME_RATE
        return [
            Result(".mp4", VideoSpec(width=width, height=height, frames=frames, audio=True, **look)),  # type: ignore[arg-type]
            Result(".webp", ImageSpec(width=width, height=height, **look)),  # type: ignore[arg-type]
            Result(".jpg", ImageSpec(width=width, height=height, frame=frames // 2, **look)),  # type: ignore[arg-type]
        ]

    def usage(self, job: Job) -> dict[str, object]:
        """OpenAI says nothing; its price list counts seconds by size."""
        return {"seconds": int(job.params["seconds"]), "size": job.params["size"]}

    def make(self, request: Request, given: Fields) -> Job:
        """A new video."""
        given.only(_CREATE)
        model = given.text("model", "sora-2")
        if model not in SIZES:
            raise no_such_model(model)
        prompt = given.text("prompt")
        size = given.choice("size", SIZES[model], "720x1280")
        params = {"size": size, "seconds": given.choice("seconds", SECONDS, "4")}
        inputs = _reference(given.given.get("input_reference"), size)
        return self.job(request, model, prompt, params, inputs=inputs)

    def remix(self, request: Request, source: Job, given: Fields) -> Job:
        """The same model, size and length with another prompt."""
        given.only(("prompt",))
        if source.state != "succeeded":
            raise invalid("video_id", "Only completed videos can be remixed.")
        params = {**source.params, "remixed_from": source.id}
        return self.job(request, source.model, given.text("prompt"), params)

    async def create(self, request: Request) -> Response:
        """POST /videos."""
        return await self.take(request, lambda given: self.make(request, given), self._answer, waits=False)

    async def create_remix(self, request: Request) -> Response:
        """POST /videos/{id}/remix."""
        authenticate(request)
        source = self._find(request)
        return await self.take(
            request, lambda given: self.remix(request, source, given), self._answer, waits=False
        )

    async def get(self, request: Request) -> Response:
        """GET /videos/{id}."""
        authenticate(request)
        return self._answer(self._find(request))

    async def list(self, request: Request) -> Response:
        """GET /videos: newest first unless `order` is `asc`; `after` is the last id of the page before."""
        authenticate(request)
        query = request.query_params
        jobs = [each for each in self.intake.store.newest_first("openai") if _is_video(each)]
        if query.get("order", "desc") == "asc":
            jobs.reverse()
        limit, after = _limit(query.get("limit")), query.get("after")
        if after is not None:
            position = next((n for n, each in enumerate(jobs) if each.id == after), None)
            if position is None:
                raise invalid("after", f"No video with id '{after}' was found.")
            jobs = jobs[position + 1 :]
        page = [_video(each) for each in jobs[:limit]]
        ids = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
        return reply({"object": "list", "data": page, **ids, "has_more": len(jobs) > limit})

    async def content(self, request: Request) -> Response:
        """GET /videos/{id}/content: the bytes, for an hour."""
        authenticate(request)
        job = self._find(request)
        variant = request.query_params.get("variant", "video")
        if variant not in VARIANTS:
            raise invalid("variant", f"Invalid value: '{variant}'.")
        if job.state != "succeeded":
            text = f"Video is not ready yet, use GET /v1/videos/{job.id} to check status."
            raise ProviderError(404, "not_found", text, param="video_id")
        name = job.files[VARIANTS[variant]]
        data = self.files.read(name, "openai")
        if data is None:
            raise ProviderError(404, "not_found", "The video content has expired.", param="video_id")
        return serve(request, name, data)

    async def delete(self, request: Request) -> Response:
        """DELETE /videos/{id}: only what is finished."""
        authenticate(request)
        job = self._find(request)
        if not job.final:
            raise invalid("video_id", "Videos that are queued or in progress cannot be deleted.")
        self.intake.runner.delete(job)
        return reply({"id": job.id, "object": "video.deleted", "deleted": True})

    def _find(self, request: Request) -> Job:
        job_id = request.path_params["id"]
        job = self.intake.store.get("openai", job_id)
        if job is None or not _is_video(job):
            raise ProviderError(404, "not_found", f"Video with id '{job_id}' not found.", param="video_id")
        return job

    def _answer(self, job: Job) -> Response:
        """The video; while it isn't final also when to ask again, a quarter of what a job takes."""
        answer = reply(_video(job))
        if not job.final:
            pace = (job.queue_seconds + job.run_seconds) / 4
            answer.headers["openai-poll-after-ms"] = str(round(max(0.1, min(10.0, pace)) * 1000))
        return answer


def size(job: Job) -> tuple[int, int]:
    """As asked."""
    width, _, height = str(job.params["size"]).partition("x")
    return int(width), int(height)


def _is_video(job: Job) -> bool:
    return bool(job.params["kind"] == Videos.kind)


def _video(job: Job) -> dict[str, Any]:
    """The object of providers.md 1.2."""
    finished = int(job.finished_at) if job.finished_at and job.state == "succeeded" else None
    expires = finished + int(PROVIDERS["openai"].result_seconds) if finished else None
    return {
        "id": job.id, "object": "video", "model": job.model, "status": STATUS[job.state],
        "progress": job.percent, "created_at": int(job.accepted_at), "completed_at": finished,
        "expires_at": expires, "seconds": job.params["seconds"], "size": job.params["size"],
        "prompt": job.prompt, "remixed_from_video_id": job.params.get("remixed_from"),
        "error": {"code": job.error[0], "message": job.error[1]} if job.error else None,
    }  # fmt: skip


def _reference(value: Any, size: str) -> list[MediaInput]:
    """A file, or `{image_url}`; what is there at once must be an image of the video's size."""
    if value is None:
        return []
    if isinstance(value, Upload):
        if value.content_type not in _IMAGES:
            text = f"Invalid file 'input_reference': unsupported mimetype ('{value.content_type}')."
            raise invalid("input_reference", text, "unsupported_file_mimetype")
        return [MediaInput("image", data=_fitting(value.data, size))]
    url = value.get("image_url") if isinstance(value, dict) else None
    if not isinstance(url, str):
        raise invalid("input_reference", "Expected a file, or an object with image_url.", "invalid_type")
    if url.startswith("data:"):
        return [MediaInput("image", data=_fitting(_decoded(url), size))]
    return [MediaInput("image", url)]


def _decoded(uri: str) -> bytes:
    try:
        return decode_data_uri(uri, "image")
    except ValueError as error:
        raise invalid("input_reference", f"Invalid image_url: {error}.") from None


def _fitting(data: bytes, size: str) -> bytes:
    try:
        width, height = image_size(data)
    except ValueError:
        raise invalid("input_reference", "The image could not be read.", "invalid_image") from None
    if f"{width}x{height}" != size:
        text = "Inpaint image must match the requested width and height."
        raise invalid("input_reference", text)
    return data


def _limit(text: str | None) -> int:
    if text is None:
        return 20
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 100:
        raise invalid("limit", "Invalid 'limit': expected an integer from 1 to 100.")
    return int(text)
