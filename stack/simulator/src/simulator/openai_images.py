"""OpenAI's images below `/openai/v1/images` (providers.md 2.1, 2.2): answered when they are drawn."""

import re
from base64 import b64encode
from typing import Any

from simulator.files import serve
from simulator.inputs import MediaInput, image_size
from simulator.jobs import Job
from simulator.openai_part import Part, result_or_error
from simulator.openai_shape import Fields, invalid, no_such_model
from simulator.render.spec import FRAME_RATE, ImageSpec, Result, VideoSpec
from simulator.web import reply
from starlette.requests import Request
from starlette.responses import Response

GPT_IMAGE = re.compile(
    r"gpt-image-(1|1-mini|1\.5|2|2\.\d-(sunburst|flare))(-\d{4}-\d\d-\d\d)?|chatgpt-image-latest"
)
LINKED = ("dall-e-2", "dall-e-3")
"""Retired at OpenAI, still served by gateways: the models that answer with links."""
_TOKENS = {"low": 272, "medium": 1056, "high": 4160, "auto": 1056, "xhigh": 6240, "max": 8320}
_QUALITY = {"standard": "medium", "hd": "high"}
"""What the linked models called them."""
_SIZE = re.compile(r"(\d{2,4})x(\d{2,4})")
_COMMON = (
    "prompt", "model", "n", "size", "quality", "background", "output_format", "output_compression", "user",
    "safety_identifier",
)  # fmt: skip
_GENERATE = (*_COMMON, "moderation", "style", "response_format", "frame_count", "frame_duration_ms")
_EDIT = (*_COMMON, "image", "mask", "input_fidelity")
_TYPES = ("image/png", "image/jpeg", "image/webp")


class Images(Part):
    """Generations and edits."""

    kind = "image"
    prefix = ("img_", 24)

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """As many pictures as asked, each with a look of its own."""
        width, height = job.size or (0, 0)
        suffix = "." + job.params["output_format"].replace("jpeg", "jpg")
        found = []
        for number in range(job.params["n"]):
            look: dict[str, Any] = {"caption": job.prompt, "look": f"{job.look}|{number}", "image": image}
            if suffix == ".gif":
                spec = VideoSpec(width=width, height=height, frames=2 * FRAME_RATE, **look)
                found.append(Result(suffix, spec))
            else:
                found.append(Result(suffix, ImageSpec(width=width, height=height, **look)))
        return found

    def usage(self, job: Job) -> dict[str, object]:
        """Tokens, by size and quality."""
        width, height = job.size or (0, 0)
        each = _TOKENS[job.params["quality"]] * width * height // (1024 * 1024)
        text, shown = len(job.prompt) // 4 + 1, 323 * job.params["images"]
        produced = each * job.params["n"]
        return {
            "input_tokens": text + shown, "output_tokens": produced,
            "total_tokens": text + shown + produced,
            "input_tokens_details": {"text_tokens": text, "image_tokens": shown},
        }  # fmt: skip

    async def generate(self, request: Request) -> Response:
        """POST /images/generations."""
        return await self.take(request, lambda given: self.make(request, given, _GENERATE), self._answer)

    async def edit(self, request: Request) -> Response:
        """POST /images/edits."""
        return await self.take(request, lambda given: self.make(request, given, _EDIT), self._answer)

    async def file(self, request: Request) -> Response:
        """GET a link of a picture: it needs no key."""
        name = request.path_params["name"]
        data = self.files.read(name, "openai")
        return Response(status_code=404) if data is None else serve(request, name, data)

    def make(self, request: Request, given: Fields, names: tuple[str, ...]) -> Job:
        """A new job from the fields that this endpoint has."""
        given.only(names)
        model = given.text("model", "gpt-image-1.5")
        linked = model in LINKED
        if not linked and GPT_IMAGE.fullmatch(model) is None:
            raise no_such_model(model)
        if not linked and "response_format" in given.given:
            raise invalid("response_format", "Unknown parameter: 'response_format'.", "unknown_parameter")
        images = _images(given) if "image" in names else []
        quality = given.choice("quality", (*_TOKENS, *_QUALITY), "auto")
        params = {
            "n": given.whole("n", 1, 10, 1), "size": _size(given),
            "quality": _QUALITY.get(quality, quality),
            "background": given.choice("background", ("transparent", "opaque", "auto"), "auto"),
            "output_format": given.choice("output_format", ("png", "jpeg", "webp", "gif"), "png"),
            "compression": given.whole("output_compression", 0, 100, 100), "images": len(images),
            "linked": linked and given.choice("response_format", ("url", "b64_json"), "url") == "url",
        }  # fmt: skip
        return self.job(request, model, given.text("prompt"), params, inputs=images)

    def _answer(self, job: Job) -> Response:
        result_or_error(job)
        data = [self._item(job, name) for name in job.files]
        answer: dict[str, Any] = {"created": int(job.accepted_at), "data": data}
        if not job.params["linked"]:
            answer |= {name: job.params[name] for name in ("background", "output_format", "quality", "size")}
            answer["usage"] = job.usage
        return reply(answer)

    def _item(self, job: Job, name: str) -> dict[str, Any]:
        if job.params["linked"]:
            url = f"{job.base_url}/openai/files/{name}"
            return {"url": url, "revised_prompt": job.prompt}
        return {"b64_json": b64encode(self.files.read(name, "openai") or b"").decode()}


def _images(given: Fields) -> list[MediaInput]:
    images = given.uploads("image")
    if not images:
        raise invalid("image", "Missing required parameter: 'image'.", "missing_required_parameter")
    if len(images) > 16:
        raise invalid(
            "image", "Invalid 'image': array too long. Expected at most 16.", "array_above_max_length"
        )
    found = []
    for upload in [*images, *given.uploads("mask")]:
        if upload.content_type not in _TYPES:
            text = f"Invalid file 'image': unsupported mimetype ('{upload.content_type}')."
            raise invalid("image", text, "unsupported_file_mimetype")
        try:
            image_size(upload.data)
        except ValueError:
            raise invalid("image", "Invalid image file or mode.", "invalid_image_file") from None
        found.append(MediaInput("image", upload.filename, upload.data))
    return found


def _size(given: Fields) -> str:
    """`auto`, or multiples of 16 from 1:3 to 3:1."""
    text = given.text("size", "auto")
    if text == "auto":
        return "1024x1024"
    match = _SIZE.fullmatch(text)
    if match is None:
        raise invalid("size", f"Invalid value: '{text}'.")
    width, height = int(match[1]), int(match[2])
    if width % 16 or height % 16 or not 1 / 3 <= width / height <= 3 or max(width, height) > 3840:
        raise invalid("size", f"Invalid size '{text}': multiples of 16, from 1:3 to 3:1, at most 3840.")
    return text
