"""Reads a Seedance request as strictly as Ark (providers.md 4.1): null is absent, unknown fields refused."""

import random
import re
from typing import Any

from simulator.ark_models import Series, series_of
from simulator.inputs import Kind, MediaInput, decode_data_uri
from simulator.web import ProviderError

RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")
MAX_SEED = 2**31 - 1
_FIELDS = frozenset((
    "model", "content", "callback_url", "resolution", "ratio", "duration", "frames", "seed", "generate_audio",
    "watermark", "camera_fixed", "draft", "return_last_frame", "service_tier", "execution_expires_after",
    "priority", "output_format", "omni_reference_task_type", "tools", "safety_identifier",
))  # fmt: skip
_ROLES: dict[str, tuple[str, ...]] = {
    "image_url": ("first_frame", "last_frame", "reference_image"),
    "video_url": ("reference_video",),
    "audio_url": ("reference_audio",),
}
_LIMITS = {
    "reference_image": 9,
    "reference_video": 3,
    "reference_audio": 3,
    "first_frame": 1,
    "last_frame": 1,
}
_SUFFIXES = {
    "resolution": "resolution", "rs": "resolution", "ratio": "ratio", "rt": "ratio", "duration": "duration",
    "dur": "duration", "frames": "frames", "seed": "seed", "camerafixed": "camera_fixed",
    "cf": "camera_fixed", "watermark": "watermark", "wm": "watermark",
}  # fmt: skip


def invalid(param: str, message: str) -> ProviderError:
    """400 InvalidParameter."""
    text = f"The parameter `{param}` specified in the request is not valid: {message}."
    return ProviderError(400, "InvalidParameter", text, param=param)


def missing(param: str) -> ProviderError:
    """400 MissingParameter."""
    text = f"The request failed because it is missing `{param}` parameter."
    return ProviderError(400, "MissingParameter", text, param=param)


class ArkRequest:
    """One valid request. Raises ProviderError from the constructor if it isn't."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = {name: value for name, value in body.items() if value is not None}
        self.series, self.model = self._model()
        unknown = sorted(set(self.body) - _FIELDS)
        if unknown:
            raise invalid(unknown[0], f'json: unknown field "{unknown[0]}"')
        self.prompt = ""
        self.inputs: list[MediaInput] = []
        self._roles: list[str] = []
        self.draft_task_id: str | None = None
        self._read_content()
        if self.series.prompt_suffixes:
            self._read_suffixes()
        self._check_roles()
        self.params = self._params()
        self.callback_url = self._text("callback_url", 2048)
        self.safety_identifier = self._text("safety_identifier", 64)
        if self.callback_url and not self.callback_url.startswith(("http://", "https://")):
            raise invalid("callback_url", "must be an http or https address")

    def _model(self) -> tuple[Series, str]:
        model = self.body.get("model")
        if not model:
            raise missing("model")
        series = series_of(model) if isinstance(model, str) else None
        if series is None:
            text = f"The model or endpoint {model} does not exist or you do not have access to it."
            raise ProviderError(404, "InvalidEndpointOrModel.NotFound", text)
        return series, str(model)

    def _read_content(self) -> None:
        content = self.body.get("content")
        if content is None or content == []:
            raise missing("content")
        if not isinstance(content, list):
            raise invalid("content", "must be an array")
        texts = []
        for index, raw in enumerate(content):
            item = {k: v for k, v in raw.items() if v is not None} if isinstance(raw, dict) else {}
            kind, where = item.get("type"), f"content[{index}]"
            if kind == "text":
                texts.append(self._text_item(item, where))
            elif kind in _ROLES:
                self._media_item(item, str(kind), where)
            elif kind == "draft_task":
                self._draft_item(item, where)
            else:
                raise invalid(f"{where}.type", "must be text, image_url, video_url, audio_url or draft_task")
        if len(texts) > 1:
            raise invalid("content", "at most one text is allowed")
        self.prompt = texts[0] if texts else ""

    def _text_item(self, item: dict[str, Any], where: str) -> str:
        _only(item, {"type", "text"}, where)
        text = item.get("text")
        if text is None:
            raise missing(f"{where}.text")
        if not isinstance(text, str) or not text.strip():
            raise invalid(f"{where}.text", "must be a non-empty string")
        return text

    def _draft_item(self, item: dict[str, Any], where: str) -> None:
        draft = item.get("draft_task")
        if not isinstance(draft, dict) or not isinstance(draft.get("id"), str):
            raise invalid(f"{where}.draft_task.id", "must be a string")
        self.draft_task_id = draft["id"]

    def _media_item(self, item: dict[str, Any], kind: str, where: str) -> None:
        _only(item, {"type", kind, "role"}, where)
        holder = item.get(kind)
        url = holder.get("url") if isinstance(holder, dict) else None
        if url is None:
            raise missing(f"{where}.{kind}.url")
        role = item.get("role", _ROLES[kind][0])
        if role not in _ROLES[kind]:
            raise invalid(f"{where}.role", f"must be one of {', '.join(_ROLES[kind])}")
        self.inputs.append(_media(url, kind.removesuffix("_url"), f"{where}.{kind}.url"))
        self._roles.append(role)

    def _check_roles(self) -> None:
        for role, limit in _LIMITS.items():
            if self._roles.count(role) > limit:
                raise invalid("content", f"at most {limit} item(s) with role {role} are allowed")
        frames = {"first_frame", "last_frame"} & set(self._roles)
        references = {r for r in self._roles if r.startswith("reference_")}
        if frames and references:
            raise invalid("content", "first/last frame content cannot be mixed with reference media content")
        if "last_frame" in frames and "first_frame" not in frames:
            raise invalid("content", "a last_frame needs a first_frame")
        if references and not self.series.references:
            raise invalid("content", f"reference media is not supported by Seedance {self.series.name}")
        if references == {"reference_audio"}:
            raise invalid("content", "reference audio needs at least one reference image or video")
        if not self.prompt and not self.inputs and not self.draft_task_id:
            raise missing("content.text")
        self._check_tools()

    def _check_tools(self) -> None:
        tools = self.body.get("tools", [])
        if not isinstance(tools, list) or any(t != {"type": "web_search"} for t in tools):
            raise invalid("tools", 'must be an array of {"type": "web_search"}')
        if tools and self.inputs:
            raise invalid("tools", "web_search is only supported for text-to-video")

    def _read_suffixes(self) -> None:
        """`--rs 720p --dur 5` at the end of the prompt: old style, never refused, body fields come first."""
        for name, value in re.findall(r"--([a-z]+)\s+(\S+)", self.prompt):
            field = _SUFFIXES.get(name)
            if field is None or field in self.body:
                continue
            if re.fullmatch(r"-?\d+", value):
                self.body[field] = int(value)
            else:
                self.body[field] = {"true": True, "false": False}.get(value, value)
        self.prompt = re.sub(r"\s*--[a-z]+\s+\S+", "", self.prompt) or self.prompt

    def _params(self) -> dict[str, Any]:
        series, body = self.series, self.body
        image_first = bool(self.inputs) and self.inputs[0].kind == "image"
        default_ratio = "adaptive" if image_first else series.default_ratio
        params: dict[str, Any] = {
            "resolution": self._choice("resolution", series.resolutions, series.default_resolution),
            "ratio": self._choice("ratio", RATIOS, default_ratio),
            "seed": self._seed(),
            "audio": self._flag("generate_audio", series.sound) and series.sound,
            "watermark": self._flag("watermark", False),
            "camera_fixed": self._flag("camera_fixed", False),
            "return_last_frame": self._flag("return_last_frame", False),
            "draft": self._draft(),
            "service_tier": self._choice("service_tier", ("default", "flex"), "default"),
            "execution_expires_after": self._integer("execution_expires_after", 3600, 259200, 172800),
            "priority": self._integer("priority", 0, 9, 0),
            "output_format": self._choice(
                "output_format", ("mp4", "mov") if series.movie else ("mp4",), "mp4"
            ),
            "omni_reference_task_type": self._choice(
                "omni_reference_task_type", ("auto", "reference", "edit", "extend"), "auto"
            ),
            "tools": body.get("tools"),
            "draft_task_id": self.draft_task_id,
        }
        return {**params, **self._length()}

    def _length(self) -> dict[str, int]:
        if "frames" in self.body:
            if not self.series.frames:
                raise invalid("frames", f"not supported by Seedance {self.series.name}")
            frames = self._integer("frames", 29, 289, 29)
            if (frames - 25) % 4:
                raise invalid("frames", "must have the form 25 + 4n")
            return {"frames": frames}
        low, high = self.series.durations
        if self.body.get("duration", self.series.default_duration) == -1 and self.series.auto_duration:
            return {"duration": 5}
        return {"duration": self._integer("duration", low, high, self.series.default_duration)}

    def _seed(self) -> int:
        seed = self._integer("seed", -1, MAX_SEED, -1)
        return random.randrange(MAX_SEED) if seed == -1 else seed

    def _draft(self) -> bool:
        draft = self._flag("draft", False)
        if draft and not self.series.draft:
            raise invalid("draft", f"not supported by Seedance {self.series.name}")
        return draft

    def _choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.body.get(name, default)
        if value not in allowed:
            raise invalid(name, f"must be one of {', '.join(allowed)}")
        return str(value)

    def _integer(self, name: str, low: int, high: int, default: int) -> int:
        value = self.body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise invalid(name, f"must be an integer from {low} to {high}")
        return value

    def _flag(self, name: str, default: bool) -> bool:
        value = self.body.get(name, default)
        if not isinstance(value, bool):
            raise invalid(name, "must be true or false")
        return value

    def _text(self, name: str, longest: int) -> str | None:
        value = self.body.get(name)
        if value is not None and (not isinstance(value, str) or not 0 < len(value) <= longest):
            raise invalid(name, f"must be a string of 1 to {longest} characters")
        return value


def _only(item: dict[str, Any], allowed: set[str], where: str) -> None:
    unknown = sorted(set(item) - allowed)
    if unknown:
        raise invalid(f"{where}.{unknown[0]}", f'json: unknown field "{unknown[0]}"')


def _media(url: Any, kind: str, where: str) -> MediaInput:
    media: Kind = {"image": "image", "video": "video"}.get(kind, "audio")  # type: ignore[assignment]
    if not isinstance(url, str):
        raise invalid(where, "must be a string")
    if url.startswith("data:"):
        try:
            return MediaInput(media, data=decode_data_uri(url, media))
        except ValueError as error:
            raise invalid(where, str(error)) from None
    if not url.startswith(("http://", "https://", "asset://")):
        raise invalid(where, "must be an http(s) URL, a data URI or asset://")
    return MediaInput(media, url)
