"""Reads an interaction that asks for a video (providers.md 3C): snake_case, unknown fields refused."""

import re
from typing import Any

from simulator.inputs import Kind, MediaInput, decode_base64, image_size
from simulator.web import ProviderError

MODEL = re.compile(r"gemini-omni-(\d+\.\d+-)?flash(-preview)?")
TASKS = ("text_to_video", "image_to_video", "reference_to_video", "edit", "extend", "upscale")
_TOP = frozenset((
    "model", "input", "background", "store", "stream", "generation_config", "response_format",
    "previous_interaction_id", "webhook_config", "labels", "service_tier", "response_modalities",
))  # fmt: skip
_FORMAT = frozenset(("type", "aspect_ratio", "resolution", "duration", "delivery", "gcs_uri"))
_DURATION = re.compile(r"(\d{1,2})s")
_SHORTEST, _LONGEST = 3, 10
_MEDIA: dict[str, Kind] = {"image": "image", "video": "video", "audio": "audio"}


def invalid(message: str) -> ProviderError:
    """400 invalid_request."""
    return ProviderError(400, "invalid_request", message)


class OmniRequest:
    """One valid request. Raises ProviderError from the constructor if it isn't."""

    def __init__(self, body: dict[str, Any]) -> None:
        _only(body, _TOP, "")
        self.model = str(body.get("model") or "")
        if not self.model:
            raise invalid("`model` or `agent` is required.")
        if MODEL.fullmatch(self.model) is None:
            raise ProviderError(404, "not_found", f"Model {self.model} is not found or can't make videos.")
        for flag in ("background", "store", "stream"):
            if not isinstance(body.get(flag, False), bool):
                raise invalid(f"`{flag}` must be a boolean.")
        if body.get("stream"):
            raise invalid("`stream` is not supported for video.")
        self.inputs: list[MediaInput] = []
        self.prompt = self._read_input(body.get("input"))
        self.params = self._params(body)
        self.callback_url = _webhook(body.get("webhook_config"))

    def _read_input(self, given: Any) -> str:
        """A string, contents, or steps that hold contents."""
        contents = [{"type": "text", "text": given}] if isinstance(given, str) else given
        if isinstance(contents, dict):
            contents = [contents]
        if not isinstance(contents, list) or not contents:
            raise invalid("`input` is required.")
        texts: list[str] = []
        for each in contents:
            if isinstance(each, dict) and each.get("type") == "user_input":
                inner = each.get("content")
                for content in inner if isinstance(inner, list) else [inner]:
                    self._content(content, texts)
            else:
                self._content(each, texts)
        if not "".join(texts).strip() and not self.inputs:
            raise invalid("`input` must have text or media.")
        return " ".join(texts)

    def _content(self, content: Any, texts: list[str]) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "text" and isinstance(content.get("text"), str):
            texts.append(content["text"])
        elif kind in _MEDIA:
            self.inputs.append(_medium(content, _MEDIA[str(kind)]))
        else:
            raise invalid(f"Unsupported content in `input`: {kind}.")

    def _params(self, body: dict[str, Any]) -> dict[str, Any]:
        wanted = body.get("response_format") or {}
        wanted = wanted[0] if isinstance(wanted, list) and len(wanted) == 1 else wanted
        if not isinstance(wanted, dict) or wanted.get("type", "video") != "video":
            raise invalid("`response_format.type` must be video for this model.")
        _only(wanted, _FORMAT, "response_format.")
        _task(body.get("generation_config"))
        return {
            "duration": _seconds(wanted.get("duration", "8s")),
            "aspect": _choice(wanted, "aspect_ratio", ("16:9", "9:16"), "16:9"),
            "resolution": _choice(wanted, "resolution", ("360p", "720p", "1080p", "4k"), "720p"),
            "delivery": _choice(wanted, "delivery", ("inline", "uri"), "inline"),
            "audio": True,
        }


def _task(config: Any) -> None:
    video = config.get("video_config") if isinstance(config, dict) else None
    task = video.get("task") if isinstance(video, dict) else None
    if task is not None and task not in TASKS:
        raise invalid(f"`generation_config.video_config.task` must be one of {', '.join(TASKS)}.")


def _seconds(written: Any) -> int:
    """A protobuf duration such as "8s"; a bare number is refused."""
    found = _DURATION.fullmatch(written) if isinstance(written, str) else None
    if found is None or not _SHORTEST <= int(found[1]) <= _LONGEST:
        raise invalid(f"`response_format.duration` must be from {_SHORTEST}s to {_LONGEST}s.")
    return int(found[1])


def _choice(given: dict[str, Any], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = given.get(name, default)
    if value not in allowed:
        raise invalid(f"`response_format.{name}` must be one of {', '.join(allowed)}.")
    return str(value)


def _medium(content: dict[str, Any], kind: Kind) -> MediaInput:
    if isinstance(content.get("uri"), str):
        return MediaInput(kind, content["uri"])
    try:
        data = decode_base64(str(content.get("data") or ""))
        if kind == "image":
            image_size(data)
    except ValueError as error:
        raise invalid(f"Unable to process input {kind}: {error}.") from None
    return MediaInput(kind, data=data)


def _webhook(raw: Any) -> str | None:
    """The first address: logged, not called (how such calls are signed isn't documented well enough)."""
    if raw is None:
        return None
    uris = raw.get("uris") if isinstance(raw, dict) else None
    if not isinstance(uris, list) or not uris or not all(isinstance(uri, str) for uri in uris):
        raise invalid("`webhook_config.uris` must be an array of addresses.")
    return str(uris[0])


def _only(part: dict[str, Any], allowed: frozenset[str], where: str) -> None:
    unknown = sorted(set(part) - allowed)
    if unknown:
        raise invalid(f"Unknown parameter: `{where}{unknown[0]}`.")
