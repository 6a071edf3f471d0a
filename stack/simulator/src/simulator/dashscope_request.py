"""Reads a Wan 2.6 request (providers.md 5.1): known fields are checked, unknown keys tolerated."""

import random
from typing import Any

from simulator.inputs import Kind, MediaInput, decode_data_uri
from simulator.web import ProviderError

MODELS = {
    "wan2.6-t2v": "t2v", "wan2.6-t2v-us": "t2v", "wan2.6-i2v": "i2v", "wan2.6-i2v-flash": "i2v",
    "wan2.6-r2v": "r2v", "wan2.6-r2v-flash": "r2v",
}  # fmt: skip
FLASH = ("wan2.6-i2v-flash", "wan2.6-r2v-flash")
"""Only these can be silent."""
SIZES = (
    "1280*720", "720*1280", "960*960", "1088*832", "832*1088",
    "1920*1080", "1080*1920", "1440*1440", "1632*1248", "1248*1632",
)  # fmt: skip
RESOLUTIONS = ("720P", "1080P")
MAX_SEED = 2**31 - 1


def invalid(message: str) -> ProviderError:
    """400 InvalidParameter."""
    return ProviderError(400, "InvalidParameter", message)


class WanRequest:
    """One valid request. Raises ProviderError from the constructor if it isn't."""

    def __init__(self, body: dict[str, Any], *, resolves_oss: bool) -> None:
        self.model = body.get("model")
        if not isinstance(self.model, str) or not self.model:
            raise invalid(
                "Required parameter(model) missing or invalid, please check the request parameters."
            )
        if self.model not in MODELS:
            raise ProviderError(404, "ModelNotFound", f"Model can not be found: {self.model}.")
        self._kind = MODELS[self.model]
        self._input, self._parameters = _part(body, "input"), _part(body, "parameters", required=False)
        self._resolves_oss = resolves_oss
        self.prompt = self._text("prompt", 1500, required=self._kind != "i2v") or ""
        self._text("negative_prompt", 500)
        self._text("template", 200)
        self.inputs = self._media()
        self.params = self._params()

    def _text(self, name: str, longest: int, *, required: bool = False) -> str | None:
        value = self._input.get(name)
        if value is None or value == "":
            if required:
                raise invalid(f"Field required: input.{name}")
            return None
        if not isinstance(value, str):
            raise invalid(f"input.{name} must be a string")
        if len(value) > longest:
            raise invalid(f"input.{name} must be at most {longest} characters")
        return value

    def _media(self) -> list[MediaInput]:
        found: list[MediaInput] = []
        if self._kind == "i2v":
            if not self._input.get("img_url"):
                raise invalid("Field required: input.img_url")
            found.append(self._item("input.img_url", self._input["img_url"], "image"))
        if self._kind == "r2v":
            found += self._references()
        if self._input.get("audio_url"):
            found.append(self._item("input.audio_url", self._input["audio_url"], "audio"))
        return found

    def _references(self) -> list[MediaInput]:
        name = "reference_urls" if "reference_urls" in self._input else "reference_video_urls"
        urls = self._input.get(name)
        if not isinstance(urls, list) or not 1 <= len(urls) <= 5:
            raise invalid(f"input.{name} must be an array of 1 to 5 URLs")
        images = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
        return [
            self._item(f"input.{name}", url, "image" if str(url).lower().endswith(images) else "video")
            for url in urls
        ]

    def _item(self, name: str, url: Any, kind: Kind) -> MediaInput:
        if not isinstance(url, str):
            raise invalid(f"{name} must be a string")
        if url.startswith("data:"):
            try:
                return MediaInput(kind, data=decode_data_uri(url, kind))
            except ValueError as error:
                raise invalid(f"{name}: {error}") from None
        allowed = ("http://", "https://", "oss://") if self._resolves_oss else ("http://", "https://")
        if not url.startswith(allowed):
            raise ProviderError(
                400, "InvalidURL", f"The request URL is invalid, make sure the url is correct: {name}"
            )
        return MediaInput(kind, url)

    def _params(self) -> dict[str, Any]:
        longest = 10 if self._kind == "r2v" else 15
        params: dict[str, Any] = {
            "duration": self._integer("duration", 2, longest, 5),
            "seed": self._integer("seed", 0, MAX_SEED, random.randrange(MAX_SEED)),
            "watermark": self._flag("watermark", default=False),
            "prompt_extend": self._flag("prompt_extend", default=True),
            "shot_type": self._choice("shot_type", ("single", "multi"), "single"),
        }
        audio = self._flag("audio", default=True)
        params["audio"] = audio if self.model in FLASH else True
        if self._kind == "i2v":
            params["resolution"] = self._choice("resolution", RESOLUTIONS, "1080P")
        else:
            params["size"] = self._choice("size", SIZES, "1920*1080")
        return params

    def _choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self._parameter(name, default)
        if value not in allowed:
            raise invalid(f"parameters.{name} must be one of {', '.join(allowed)}")
        return str(value)

    def _integer(self, name: str, low: int, high: int, default: int) -> int:
        value = self._parameter(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise invalid(f"parameters.{name} must be an integer in [{low}, {high}]")
        return value

    def _flag(self, name: str, *, default: bool) -> bool:
        value = self._parameter(name, default)
        if not isinstance(value, bool):
            raise invalid(f"parameters.{name} must be a boolean")
        return value

    def _parameter(self, name: str, default: Any) -> Any:
        value = self._parameters.get(name)
        return default if value is None else value


def _part(body: dict[str, Any], name: str, *, required: bool = True) -> dict[str, Any]:
    part = body.get(name)
    if part is None and not required:
        return {}
    if not isinstance(part, dict):
        raise invalid(f"Field required: {name}" if part is None else f"{name} must be an object")
    return part
