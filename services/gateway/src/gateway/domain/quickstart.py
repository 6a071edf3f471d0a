"""The words of `/api` (seed 003): its field names, statuses and models, and quotes without an input."""

from collections.abc import Mapping
from typing import Any

from catalog.model import Model

from gateway.domain.field_words import Place, named_as

DEFAULT_VIDEO, DEFAULT_FROM_IMAGE, DEFAULT_IMAGE = "wan-t2v", "wan-i2v", "sd15"
V2V = "v2v"
VIDEO_KINDS, IMAGE_KINDS = frozenset({"video", "mesh"}), frozenset({"image"})
STATUSES = {
    "queued": "queued",
    "processing": "processing",
    "succeeded": "completed",
    "failed": "error",
    "cancelled": "error",
}
MEDIA: Mapping[str, tuple[str, ...]] = {
    "input_image": ("image_url", "image_urls"),
    "end_image": ("end_image_url",),
    "audio_filename": ("audio_url", "audio_urls"),
    "video_filename": ("video_url", "video_urls"),
}
"""Fields that name a file, and what the models call them."""
PLACES: Mapping[str, Place] = {name: named_as(*choices) for name, choices in MEDIA.items()}
NAMES = {choice: name for name, choices in MEDIA.items() for choice in choices}
"""What the models' fields are called here."""
QUOTED = ("frames", "steps", "seconds", "duration", "duration_seconds", "width", "height")


def parameter_name(field: str) -> str:
    """What a model's input field is called on this surface."""
    return NAMES.get(field, field)


def shown_input(given: Mapping[str, Any]) -> dict[str, Any]:
    """An input in this surface's words; of inline files only their type."""
    return {parameter_name(name): _short(value) for name, value in given.items()}


def default_model(fields: Mapping[str, Any]) -> str:
    """Which model makes a video when none is named."""
    return DEFAULT_FROM_IMAGE if fields.get("input_image") else DEFAULT_VIDEO


def quote_faults(model: Model, given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with such fields: name and message. What only a whole input needs is not missed."""
    found = model.faults(dict(given))
    return [
        (fault.param.removeprefix("input."), fault.message)
        for fault in found
        if fault.param.removeprefix("input.").split(".")[0] in given
    ]


def _short(value: Any) -> Any:
    if isinstance(value, str) and value[:5].lower() == "data:":
        return value.partition(",")[0]
    if isinstance(value, list):
        return [_short(each) for each in value]
    return value
