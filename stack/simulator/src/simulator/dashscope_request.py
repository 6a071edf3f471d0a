"""Reads a Wan request (providers.md 5.1): known fields are checked, unknown keys tolerated."""

import random
from typing import Any

from simulator import dashscope_media
from simulator.dashscope_media import invalid
from simulator.dashscope_models import RATIOS, Model, model_of
from simulator.web import ProviderError

MAX_SEED = 2**31 - 1


class WanRequest:
    """One valid request. Raises ProviderError from the constructor if it isn't."""

    def __init__(self, body: dict[str, Any], *, keyframes: bool, resolves_oss: bool) -> None:
        self.model, self.known = _model(body.get("model"))
        if keyframes is not (self.known.kind == "kf2v"):
            raise invalid("url error, please check url!")
        self._input, self._parameters = _part(body, "input"), _part(body, "parameters", required=False)
        needed = self.known.kind in ("t2v", "r2v", "edit")
        self.prompt = self._text("prompt", self.known.prompt_limit, required=needed) or ""
        self._text("negative_prompt", 500)
        self._text("template", 200)
        self.inputs = dashscope_media.read(self.known, self._input, resolves_oss=resolves_oss)
        if not self.prompt and not self.inputs:
            raise invalid("Field required: input.prompt")
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

    def _params(self) -> dict[str, Any]:
        params: dict[str, Any] = {
            "duration": self._duration(),
            "seed": self._integer("seed", 0, MAX_SEED, random.randrange(MAX_SEED)),
            "watermark": self._flag("watermark", default=False),
            "prompt_extend": self._flag("prompt_extend", default=True),
            "shot_type": self._choice("shot_type", ("single", "multi"), "single"),
            "audio": self._audio(),
            "old_usage": self.known.old_usage,
        }
        return {**params, **self._frame()}

    def _frame(self) -> dict[str, Any]:
        """A size without an image to go by in the older shape, a resolution otherwise, a ratio since 2.7."""
        known = self.known
        if not known.media and known.kind in ("t2v", "r2v"):
            return {"size": self._choice("size", known.sizes, "1920*1080")}
        found = {"resolution": self._choice("resolution", known.resolutions, known.default_resolution)}
        if known.media:
            default = "16:9" if known.kind == "t2v" else "adaptive"
            found["ratio"] = self._choice("ratio", (*RATIOS, "21:9", "adaptive"), default)
        return found

    def _duration(self) -> int:
        value, allowed = self._parameter("duration", 5), self.known.durations
        if isinstance(value, bool) or value not in allowed:
            listed = allowed if len(allowed) < 4 else f"[{allowed[0]}, {allowed[-1]}]"
            raise invalid(f"parameters.duration must be an integer in {listed}")
        return int(value)

    def _audio(self) -> bool:
        wanted = self._flag("audio", default=True)
        return wanted if self.known.silent == "by request" else self.known.silent == "never"

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


def _model(name: Any) -> tuple[str, Model]:
    if not isinstance(name, str) or not name:
        raise invalid("Required parameter(model) missing or invalid, please check the request parameters.")
    known = model_of(name)
    if known is None:
        raise ProviderError(404, "ModelNotFound", f"Model can not be found: {name}.")
    return name, known


def _part(body: dict[str, Any], name: str, *, required: bool = True) -> dict[str, Any]:
    part = body.get(name)
    if part is None and not required:
        return {}
    if not isinstance(part, dict):
        raise invalid(f"Field required: {name}" if part is None else f"{name} must be an object")
    return part
