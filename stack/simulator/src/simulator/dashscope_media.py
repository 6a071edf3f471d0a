"""The files of a Wan request: named URLs up to 2.6, typed `media[]` since 2.7 (providers.md 5.1)."""

from collections import Counter
from typing import Any

from simulator.dashscope_models import Model
from simulator.inputs import Kind, MediaInput, decode_data_uri
from simulator.web import ProviderError

_KINDS: dict[str, Kind] = {
    "first_frame": "image", "last_frame": "image", "reference_image": "image",
    "reference_video": "video", "first_clip": "video", "video": "video",
    "driving_audio": "audio", "reference_audio": "audio",
}  # fmt: skip
_FRAMES = {"first_frame", "last_frame"}
_ALLOWED = {
    "t2v": set[str](),
    "i2v": {"first_frame", "last_frame", "driving_audio", "first_clip"},
    "r2v": {"reference_image", "reference_video", "first_frame"},
    "edit": {"video", "reference_image"},
    "all": {"first_frame", "last_frame", "reference_image", "reference_video", "reference_audio"},
}
_LIMITS = {"reference_image": 10, "reference_video": 5, "reference_audio": 5}
_IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")


def invalid(message: str) -> ProviderError:
    """400 InvalidParameter."""
    return ProviderError(400, "InvalidParameter", message)


def read(model: Model, given: dict[str, Any], *, resolves_oss: bool) -> list[MediaInput]:
    """All files of a request's `input`. Raises ProviderError."""
    if model.media:
        return _media(model, given, resolves_oss)
    named: list[tuple[str, Any, Kind]] = []
    if model.kind == "i2v":
        named.append(("img_url", _needed(given, "img_url"), "image"))
    if model.kind == "kf2v":
        named.append(("first_frame_url", _needed(given, "first_frame_url"), "image"))
        if given.get("last_frame_url"):
            named.append(("last_frame_url", given["last_frame_url"], "image"))
    if model.kind == "r2v":
        named += _references(given)
    if given.get("audio_url"):
        named.append(("audio_url", given["audio_url"], "audio"))
    return [_item(f"input.{name}", url, kind, resolves_oss) for name, url, kind in named]


def _needed(given: dict[str, Any], name: str) -> Any:
    if not given.get(name):
        raise invalid(f"Field required: input.{name}")
    return given[name]


def _references(given: dict[str, Any]) -> list[tuple[str, Any, Kind]]:
    name = "reference_urls" if "reference_urls" in given else "reference_video_urls"
    urls = given.get(name)
    if not isinstance(urls, list) or not 1 <= len(urls) <= 5:
        raise invalid(f"input.{name} must be an array of 1 to 5 URLs")
    return [(name, url, "image" if str(url).lower().endswith(_IMAGES) else "video") for url in urls]


def _media(model: Model, given: dict[str, Any], resolves_oss: bool) -> list[MediaInput]:
    listed = given.get("media") or []
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise invalid("input.media must be an array of objects")
    if "img_url" in given:
        raise invalid("input.img_url is not supported by this model, use input.media")
    types = Counter(str(each.get("type")) for each in listed)
    unknown = sorted(set(types) - _ALLOWED[model.kind])
    if unknown:
        raise invalid(f"input.media: type {unknown[0]} is not supported by this model")
    _check_together(model, types)
    found = [
        _item(f"input.media[{index}].url", each.get("url"), _KINDS[str(each["type"])], resolves_oss)
        for index, each in enumerate(listed)
    ]
    if given.get("audio_url"):
        found.append(_item("input.audio_url", given["audio_url"], "audio", resolves_oss))
    return found


def _check_together(model: Model, types: Counter[str]) -> None:
    for name, count in types.items():
        if count > _LIMITS.get(name, 1):
            raise invalid(f"input.media: at most {_LIMITS.get(name, 1)} of type {name}")
    if model.kind == "i2v" and bool(types["first_frame"]) == bool(types["first_clip"]):
        raise invalid("input.media: one first_frame or one first_clip is required")
    if types["first_clip"] and types["driving_audio"]:
        raise invalid("input.media: driving_audio can't be combined with first_clip")
    if model.kind == "r2v" and not 1 <= types["reference_image"] + types["reference_video"] <= 5:
        raise invalid("input.media: 1 to 5 references are required")
    if model.kind == "edit" and not types["video"]:
        raise invalid("input.media: one video is required")
    if model.kind == "all" and _FRAMES & set(types) and set(types) - _FRAMES:
        raise invalid("input.media: frames can't be combined with references")
    if types["last_frame"] and not types["first_frame"] + types["first_clip"]:
        raise invalid("input.media: last_frame needs a first_frame or a first_clip")


def _item(name: str, url: Any, kind: Kind, resolves_oss: bool) -> MediaInput:
    if not isinstance(url, str):
        raise invalid(f"{name} must be a string")
    if url.startswith("data:"):
        try:
            return MediaInput(kind, data=decode_data_uri(url, kind))
        except ValueError as error:
            raise invalid(f"{name}: {error}") from None
    allowed = ("http://", "https://", "oss://") if resolves_oss else ("http://", "https://")
    if not url.startswith(allowed):
        text = f"The request URL is invalid, make sure the url is correct: {name}"
        raise ProviderError(400, "InvalidURL", text)
    return MediaInput(kind, url)
