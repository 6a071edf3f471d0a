"""Reads a Luma request (docs.lumalabs.ai, lumaai 1.21.0): unknown fields and values are refused."""

from typing import Any

from simulator.inputs import MediaInput
from simulator.web import ProviderError

ASPECTS = ("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21")
RESOLUTIONS = {"540p": 540, "720p": 720, "1080p": 1080, "4k": 2160}
DURATIONS = {"5s": 5, "9s": 9}
MIN_PROMPT, MAX_PROMPT = 3, 5000
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "video": ("video", ("ray-2", "ray-flash-2")),
    "image": ("image", ("photon-1", "photon-flash-1")),
}
"""Endpoint to generation type and models."""
_COMMON = {"model", "prompt", "aspect_ratio", "callback_url", "generation_type"}
_FIELDS = {
    "video": _COMMON | {"concepts", "duration", "keyframes", "loop", "resolution"},
    "image": _COMMON
    | {"image_ref", "style_ref", "modify_image_ref", "character_ref", "format", "sync", "sync_timeout"},
}


def malformed(field: str, message: str) -> ProviderError:
    """422 with the place of the fault."""
    return ProviderError(
        422, "", message, details=[{"loc": ["body", field], "msg": message, "type": "value_error"}]
    )


def refused(message: str) -> ProviderError:
    """400 with the sentence that the documentation has for it."""
    return ProviderError(400, "", message)


class LumaRequest:
    """One valid request. Raises ProviderError from the constructor if it isn't."""

    def __init__(self, kind: str, body: dict[str, Any] | None) -> None:
        if body is None:
            raise malformed("body", "Input should be a valid JSON object")
        self.body = {name: value for name, value in body.items() if value is not None}
        self.kind, models = KINDS[kind]
        unknown = sorted(set(self.body) - _FIELDS[kind])
        if unknown:
            raise malformed(unknown[0], "Extra inputs are not permitted")
        self.model: str = self._choice("model", models, None)
        self._choice("generation_type", (self.kind,), self.kind)
        self.inputs = self._keyframes() if kind == "video" else self._references()
        self.prompt = self._prompt()
        self._check_loop()
        self.params = self._video() if kind == "video" else self._image()
        self.callback_url = self._callback()

    def _choice(self, name: str, allowed: tuple[str, ...], default: str | None) -> str:
        value = self.body.get(name, default)
        if value is None:
            raise malformed(name, "Field required")
        if value not in allowed:
            raise malformed(name, f"Input should be {', '.join(repr(each) for each in allowed)}")
        return str(value)

    def _prompt(self) -> str:
        prompt = self.body.get("prompt", "")
        if not isinstance(prompt, str):
            raise malformed("prompt", "Input should be a valid string")
        if not prompt and not self.inputs:
            raise refused("Prompt is required")
        if prompt and len(prompt) < MIN_PROMPT:
            raise refused("Prompt is too short, minimum length is 3 characters")
        if len(prompt) > MAX_PROMPT:
            raise refused("Prompt is too long, maximum length is 5000 characters")
        return prompt

    def _keyframes(self) -> list[MediaInput]:
        given = self.body.get("keyframes")
        if given is None:
            return []
        if not isinstance(given, dict) or not set(given) <= {"frame0", "frame1"}:
            raise malformed("keyframes", "Input should be an object of frame0 and frame1")
        frames = {name: each for name, each in given.items() if each is not None}
        if not frames:
            raise refused("No keyframes provided")
        return [_frame(name, frames[name]) for name in sorted(frames)]

    def _check_loop(self) -> None:
        loop = self.body.get("loop", False)
        if not isinstance(loop, bool):
            raise malformed("loop", "Input should be a valid boolean")
        frames = self.body.get("keyframes") or {}
        if loop and frames.get("frame0") and frames.get("frame1"):
            raise refused("Loop is not supported for keyframes")
        if loop and frames.get("frame1"):
            raise refused("Loop is not supported for end frame")

    def _references(self) -> list[MediaInput]:
        found = []
        for name in ("image_ref", "style_ref"):
            given = self.body.get(name, [])
            if not isinstance(given, list) or len(given) > 4:
                raise malformed(name, "List should have at most 4 items")
            found += [_reference(name, each) for each in given]
        if "modify_image_ref" in self.body:
            found.append(_reference("modify_image_ref", self.body["modify_image_ref"]))
        return found

    def _video(self) -> dict[str, Any]:
        duration = self._choice("duration", tuple(DURATIONS), "5s")
        resolution = self._choice("resolution", tuple(RESOLUTIONS), "720p")
        aspect = self._choice("aspect_ratio", ASPECTS, "16:9")
        return {"duration": DURATIONS[duration], "resolution": resolution, "aspect": aspect, "audio": False}

    def _image(self) -> dict[str, Any]:
        if not isinstance(self.body.get("sync", False), bool):
            raise malformed("sync", "Input should be a valid boolean")
        file_format = self._choice("format", ("jpg", "png"), "jpg")
        return {"aspect": self._choice("aspect_ratio", ASPECTS, "16:9"), "format": file_format}

    def _callback(self) -> str | None:
        url = self.body.get("callback_url")
        if url is not None and not (isinstance(url, str) and url.startswith(("http://", "https://"))):
            raise malformed("callback_url", "Input should be a valid URL")
        return url


def _frame(name: str, given: Any) -> MediaInput:
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "generation" and isinstance(given.get("id"), str):
        return MediaInput("video", f"generation:{given['id']}")
    if kind != "image" or not _is_url(given.get("url")):
        raise malformed(
            f"keyframes.{name}", "Input should be an image with a url, or a generation with an id"
        )
    return MediaInput("image", given["url"])


def _reference(name: str, given: Any) -> MediaInput:
    if not isinstance(given, dict) or not _is_url(given.get("url")):
        raise malformed(name, "Input should be an object with a url")
    weight = given.get("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1:
        raise malformed(name, "weight should be from 0 to 1")
    return MediaInput("image", given["url"])


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))
