"""The words of `/api/v1/video` (seed 000): its field names, statuses and the names its models go by."""

from collections.abc import Mapping
from typing import Any

from gateway.domain.field_words import Place, Placed, Properties, named_as
from gateway.domain.openai import parse_size, place_seconds

MODES = {"text-to-video": 0, "image-to-video": 1, "reference-to-video": 1}
"""The least number of images of each."""
STATUSES = ("PENDING", "GENERATING", "UPLOADING", "COMPLETED", "FAILED")
_STATUSES = {
    "PENDING": ("queued",),
    "GENERATING": ("processing",),
    "UPLOADING": ("processing",),
    "COMPLETED": ("succeeded",),
    "FAILED": ("failed", "cancelled"),
}
_ALIASES = {
    "sora2": "sora-2",
    "veo-3.1": "veo3-1-quality",
    "veo-3.1-fast": "veo3-1-fast",
    "seedance-1.5": "doubao-seedance-1-5-pro",
    "seedance-1.5-pro": "doubao-seedance-1-5-pro",
}
_WAN = frozenset({"wan-2.6", "wan2.6"})


def images(fields: Mapping[str, Any]) -> list[Any]:
    """All images of a request."""
    several = fields.get("imageUrls")
    single = fields.get("imageUrl")
    return ([] if single is None else [single]) + (several if isinstance(several, list) else [])


def slug(fields: Mapping[str, Any]) -> Any:
    """The catalog's name of the model that is asked for."""
    name = fields.get("model")
    if not isinstance(name, str):
        return name
    if name in _WAN:
        return "wan2-6-i2v" if images(fields) else "wan2-6-t2v"
    return _ALIASES.get(name, name)


def status(row: Mapping[str, Any]) -> str:
    """How a video stands: the result of a finished job is still being stored while it is UPLOADING."""
    if row["status"] == "processing" and row["completed_outcome"] == "succeeded":
        return "UPLOADING"
    return next(name for name, ours in _STATUSES.items() if row["status"] in ours)


def task_statuses(name: str) -> tuple[str, ...]:
    """The statuses of tasks among which the videos of a status are."""
    return _STATUSES[name]


def place_ratio(properties: Properties, value: Any) -> Placed | None:
    """`16:9` as it stands, or as the first size in pixels of that shape."""
    if "aspect_ratio" in properties or "ratio" in properties:
        return named_as("aspect_ratio", "ratio")(properties, value)
    choices = properties.get("size", {}).get("enum", ())
    shaped = [each for each in choices if each == value or _shape(each) == value]
    return {"size": shaped[0]} if shaped else None


def place_quality(properties: Properties, value: Any) -> Placed | None:
    """`720P` as a resolution, or a quality by its name."""
    return named_as("resolution", "quality")(properties, value.lower() if isinstance(value, str) else value)


def place_images(mode: str | None) -> Place:
    """Images as a model takes them: one, several, or with roles; two are the first and the last frame."""

    def place(properties: Properties, value: Any) -> Placed | None:
        if not isinstance(value, list):
            return None
        roles = _roles(properties)
        if mode == "reference-to-video" and "reference_image" in roles:
            return {"image_with_roles": [{"url": each, "role": "reference_image"} for each in value]}
        if "image_urls" in properties:
            return {"image_urls": value}
        if "first_frame" in roles and len(value) <= 2:
            frames = zip(value, ("first_frame", "last_frame"), strict=False)
            return {"image_with_roles": [{"url": url, "role": role} for url, role in frames]}
        names = [name for name in ("image_url", "end_image_url") if name in properties]
        return dict(zip(names, value, strict=False)) if 0 < len(value) <= len(names) else None

    return place


def places(mode: str | None) -> dict[str, Place]:
    """Where the fields of a request go."""
    return {
        "duration": place_seconds,
        "aspectRatio": place_ratio,
        "quality": place_quality,
        "imageUrls": place_images(mode),
        "generateAudio": named_as("generate_audio", "audio"),
    }


NAMES = {
    "duration": "duration",
    "aspect_ratio": "aspectRatio",
    "resolution": "quality",
    "image_url": "imageUrl",
    "image_urls": "imageUrls",
    "end_image_url": "imageUrls",
    "image_with_roles": "imageUrls",
    "generate_audio": "generateAudio",
}
"""What the models' fields are called here."""


def _roles(properties: Properties) -> list[str]:
    items = properties.get("image_with_roles", {}).get("items", {})
    found: list[str] = items.get("properties", {}).get("role", {}).get("enum", [])
    return found


def _shape(text: Any) -> str | None:
    pixels = parse_size(text)
    if pixels is None:
        return None
    return {True: "16:9", False: "9:16"}[pixels[0] > pixels[1]] if pixels[0] != pixels[1] else "1:1"
