"""Reads a Runway request as strictly as its schema: by endpoint and model, unknown fields refused."""

import random
import re
from typing import Any

from simulator.inputs import MediaInput, decode_data_uri
from simulator.runway_models import ENDPOINTS, Model
from simulator.web import ProviderError

MAX_PROMPT = 1000
"""UTF-16 code units."""
MAX_SEED = 2**32 - 1
DOCS = "https://docs.dev.runwayml.com/api"
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,15}")


def invalid(code: str, path: list[str | int], message: str) -> ProviderError:
    """400 with an issue in the shape of the schema library that Runway uses."""
    issue = {"code": code, "path": path, "message": message}
    return ProviderError(400, "", "Validation of body failed", details=[issue])


class RunwayRequest:
    """One valid request. Raises ProviderError from the constructor if it isn't."""

    def __init__(self, endpoint: str, body: dict[str, Any] | None) -> None:
        if body is None:
            raise invalid("invalid_type", [], "Expected object")
        self.body = body
        models = ENDPOINTS[endpoint]
        if not isinstance(body.get("model"), str) or body["model"] not in models:
            choices = ", ".join(f"'{name}'" for name in models)
            raise invalid(
                "invalid_union_discriminator", ["model"], f"Invalid discriminator value. Expected {choices}"
            )
        self.model: str = body["model"]
        self._takes: Model = models[self.model]
        self._check_names()
        self.prompt = self._prompt()
        self.inputs = [*self._frames(), *self._references()]
        self.params = self._params()

    def _check_names(self) -> None:
        for name in self._takes.required:
            if self.body.get(name) is None:
                raise invalid("invalid_type", [name], "Required")
        known = {"model", *self._takes.required, *self._takes.optional}
        unknown = sorted(set(self.body) - known)
        if unknown:
            raise invalid("unrecognized_keys", [], f"Unrecognized key(s) in object: '{unknown[0]}'")

    def _prompt(self) -> str:
        text = self.body.get("promptText", "")
        if not isinstance(text, str):
            raise invalid("invalid_type", ["promptText"], "Expected string")
        if not text and "promptText" in self.body:
            raise invalid("too_small", ["promptText"], "String must contain at least 1 character(s)")
        if len(text.encode("utf-16-le", "surrogatepass")) // 2 > MAX_PROMPT:
            raise invalid("too_big", ["promptText"], "String must contain at most 1000 character(s)")
        return text

    def _frames(self) -> list[MediaInput]:
        given = self.body.get("promptImage")
        if given is None:
            return []
        if isinstance(given, str):
            return [_image(given, ["promptImage"])]
        if not isinstance(given, list) or not 1 <= len(given) <= 2:
            raise invalid("invalid_union", ["promptImage"], "Invalid input")
        places = [each.get("position") if isinstance(each, dict) else None for each in given]
        allowed = ("first", "last") if self._takes.last_frame else ("first",)
        if (
            places[0] != "first"
            or any(place not in allowed for place in places)
            or len(set(places)) < len(places)
        ):
            raise invalid("invalid_union", ["promptImage"], "Invalid input")
        return [_image(each.get("uri"), ["promptImage", n, "uri"]) for n, each in enumerate(given)]

    def _references(self) -> list[MediaInput]:
        given = self.body.get("referenceImages", [])
        least, most = self._takes.references
        if not isinstance(given, list) or not least <= len(given) <= most:
            text = f"Array must contain {least} to {most} element(s)"
            raise invalid("too_big", ["referenceImages"], text)
        for n, each in enumerate(given):
            tag = each.get("tag") if isinstance(each, dict) else ""
            if tag is not None and not (isinstance(tag, str) and _TAG.fullmatch(tag)):
                raise invalid("invalid_string", ["referenceImages", n, "tag"], "Invalid")
        return [_image(each.get("uri"), ["referenceImages", n, "uri"]) for n, each in enumerate(given)]

    def _params(self) -> dict[str, Any]:
        ratio = self.body["ratio"]
        if ratio not in self._takes.ratios:
            raise invalid("invalid_enum_value", ["ratio"], f"Invalid enum value. Received '{ratio}'")
        audio = self.body.get("audio", self._takes.silent_credits is not None)
        if not isinstance(audio, bool):
            raise invalid("invalid_type", ["audio"], "Expected boolean")
        self._check_moderation()
        return {"ratio": ratio, "audio": audio, "seed": self._seed(), **self._length(audio)}

    def _length(self, audio: bool) -> dict[str, Any]:
        if not self._takes.durations:
            return {"credits": self._takes.credits}
        duration = self.body.get("duration", self._takes.duration)
        if isinstance(duration, bool) or not isinstance(duration, int):
            raise invalid("invalid_type", ["duration"], "Expected integer")
        if duration not in self._takes.durations:
            raise invalid("invalid_union", ["duration"], "Invalid input")
        silent = self._takes.silent_credits
        rate = self._takes.credits if audio or silent is None else silent
        return {"duration": duration, "credits": rate * duration}

    def _seed(self) -> int:
        seed = self.body.get("seed", random.randrange(MAX_SEED))
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
            raise invalid("too_big", ["seed"], f"Number must be from 0 to {MAX_SEED}")
        return seed

    def _check_moderation(self) -> None:
        given = self.body.get("contentModeration", {})
        levels = given.get("publicFigureThreshold", "auto") if isinstance(given, dict) else None
        if levels not in ("auto", "low"):
            raise invalid(
                "invalid_enum_value", ["contentModeration", "publicFigureThreshold"], "Invalid enum value"
            )


def _image(uri: Any, path: list[str | int]) -> MediaInput:
    if not isinstance(uri, str) or not uri:
        raise invalid("invalid_type", path, "Required")
    if uri.startswith("data:"):
        try:
            return MediaInput("image", data=decode_data_uri(uri, "image"))
        except ValueError as error:
            raise invalid("custom", path, f"Invalid data URI: {error}") from None
    if not uri.startswith(("https://", "http://", "runway://")):
        raise invalid("invalid_string", path, "Must be a HTTPS URL, a Runway upload URI or a data URI")
    return MediaInput("image", uri)
