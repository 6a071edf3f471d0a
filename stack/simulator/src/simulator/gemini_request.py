"""Reads a Veo request (providers.md 3A): one instance, one video, only fields that the Gemini API has."""

import re
from collections.abc import Mapping
from typing import Any

from simulator.inputs import MediaInput, decode_base64, image_size
from simulator.web import ProviderError

MODEL = re.compile(r"veo-(2\.0|3\.0|3\.1)(-fast|-lite)?-generate-(preview|\d{3})")
RESOLUTIONS = ("720p", "1080p", "4k")
ASPECTS = ("16:9", "9:16")
DURATIONS = (4, 6, 8)
INSTANCE = ("prompt", "image", "lastFrame", "referenceImages", "video")
PARAMETERS = (
    "sampleCount", "durationSeconds", "aspectRatio", "resolution", "personGeneration", "negativePrompt",
    "enhancePrompt",
)  # fmt: skip
TYPES = {
    "sampleCount": int, "aspectRatio": str, "resolution": str, "personGeneration": str, "negativePrompt": str,
    "enhancePrompt": bool,
}  # fmt: skip


def invalid(message: str) -> ProviderError:
    """400 INVALID_ARGUMENT."""
    return ProviderError(400, "INVALID_ARGUMENT", message)


class VeoRequest:
    """One valid request. Raises ProviderError from the constructor if it isn't."""

    top: tuple[str, ...] = ("instances", "parameters", "webhookConfig")
    instance_fields: tuple[str, ...] = INSTANCE
    parameter_fields: tuple[str, ...] = PARAMETERS
    types: Mapping[str, type] = TYPES
    most_samples = 1

    def __init__(self, model: str, body: dict[str, Any]) -> None:
        self.model = model
        _only(body, self.top, 'Invalid JSON payload received. Unknown name "{}": Cannot find field.')
        instances = body.get("instances")
        if not isinstance(instances, list) or len(instances) != 1 or not isinstance(instances[0], dict):
            raise invalid("`instances` must hold exactly one instance.")
        self._instance: dict[str, Any] = instances[0]
        _only(self._instance, self.instance_fields, "`{}` isn't supported by this model. Please remove it.")
        parameters = body.get("parameters", {})
        if not isinstance(parameters, dict):
            raise invalid("`parameters` must be an object.")
        _only(parameters, self.parameter_fields, "`{}` isn't supported by this model. Please remove it.")
        self.parameters: dict[str, Any] = parameters
        self.prompt = self._prompt()
        self.inputs = self._media()
        self._check_types()
        self.params = self.read_params()
        self.callback_url = _webhook(body.get("webhookConfig"))

    def _prompt(self) -> str:
        prompt = self._instance.get("prompt")
        if prompt is None and "image" in self._instance:
            return ""
        if not isinstance(prompt, str) or not prompt.strip():
            raise invalid("`prompt` must be a non-empty string.")
        return prompt

    def _media(self) -> list[MediaInput]:
        found = [
            self.image(self._instance[name], name)
            for name in ("image", "lastFrame")
            if name in self._instance
        ]
        if "lastFrame" in self._instance and "image" not in self._instance:
            raise invalid("`lastFrame` needs `image`.")
        references = self._instance.get("referenceImages", [])
        if not isinstance(references, list) or len(references) > 3:
            raise invalid("`referenceImages` must be an array of at most 3 images.")
        if references and found:
            raise invalid("`referenceImages` can't be combined with `image` or `lastFrame`.")
        found += [self._reference(item) for item in references]
        if "video" in self._instance:
            found.append(self.video(self._instance["video"]))
        return found

    def _reference(self, raw: Any) -> MediaInput:
        if not isinstance(raw, dict) or str(raw.get("referenceType", "")).upper() != "ASSET":
            raise invalid("`referenceImages` must be {image, referenceType: ASSET}.")
        return self.image(raw.get("image"), "referenceImages.image")

    def image(self, raw: Any, name: str) -> MediaInput:
        """`{bytesBase64Encoded, mimeType}`."""
        if not isinstance(raw, dict) or set(raw) != {"bytesBase64Encoded", "mimeType"}:
            raise invalid(f"`{name}` must be {{bytesBase64Encoded, mimeType}}.")
        mime = raw["mimeType"]
        if not isinstance(mime, str) or not mime.startswith("image/"):
            raise invalid(f"`{name}.mimeType` is not supported: {mime}.")
        try:
            data = decode_base64(str(raw["bytesBase64Encoded"]))
            image_size(data)
        except ValueError as error:
            raise invalid(f"Unable to process `{name}`: {error}.") from None
        return MediaInput("image", data=data)

    def video(self, raw: Any) -> MediaInput:
        """`{uri | encodedVideo, encoding}`."""
        if not isinstance(raw, dict) or not ({"uri", "encodedVideo"} & set(raw)):
            raise invalid("`video` must have `uri` or `encodedVideo`.")
        if "uri" in raw:
            return MediaInput("video", str(raw["uri"]))
        try:
            return MediaInput("video", data=decode_base64(str(raw["encodedVideo"])))
        except ValueError as error:
            raise invalid(f"Unable to process `video`: {error}.") from None

    def _check_types(self) -> None:
        for name, kind in self.types.items():
            value = self.parameters.get(name)
            if value is not None and (
                not isinstance(value, kind) or (kind is int and isinstance(value, bool))
            ):
                raise invalid(f"The value type for `{name}` needs to be a {kind.__name__}.")
        if not 1 <= (self.parameters.get("sampleCount") or 1) <= self.most_samples:
            raise invalid(f"`sampleCount` must be from 1 to {self.most_samples}.")

    def read_params(self) -> dict[str, Any]:
        """What was asked, defaults applied."""
        duration = self._duration()
        resolution = self._choice("resolution", RESOLUTIONS, "720p")
        long_only = resolution != "720p" or any(k in self._instance for k in ("referenceImages", "video"))
        if long_only and duration != 8:
            raise invalid("`durationSeconds` must be 8 for 1080p, 4k, extension and reference images.")
        self._choice("personGeneration", ("allow_all", "allow_adult", "dont_allow"), "allow_all")
        aspect = self._choice("aspectRatio", ASPECTS, "16:9")
        silent = self.model.startswith("veo-2.0")
        samples = self.parameters.get("sampleCount") or 1
        return {
            "duration": duration, "resolution": resolution, "aspect": aspect, "audio": not silent,
            "samples": samples,
        }  # fmt: skip

    def _duration(self) -> int:
        value = self.parameters.get("durationSeconds", 8)
        number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
        if isinstance(number, bool) or number not in DURATIONS:
            raise invalid(
                f"The number value for `durationSeconds` is out of bound: {value}. It must be 4, 6 or 8."
            )
        return int(number)

    def _choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.parameters.get(name, default)
        if value not in allowed:
            raise invalid(f"`{name}` must be one of {', '.join(allowed)}; {value} isn't supported.")
        return str(value)


def _webhook(raw: Any) -> str | None:
    """The first address: logged, not called (how such calls are signed isn't documented well enough)."""
    if raw is None:
        return None
    uris = raw.get("uris") if isinstance(raw, dict) else None
    if not isinstance(uris, list) or not uris or not all(isinstance(uri, str) for uri in uris):
        raise invalid("`webhookConfig.uris` must be an array of addresses.")
    return str(uris[0])


def _only(part: dict[str, Any], allowed: tuple[str, ...], message: str) -> None:
    unknown = sorted(set(part) - set(allowed))
    if unknown:
        raise invalid(message.format(unknown[0]))
