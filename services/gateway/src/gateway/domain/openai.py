"""OpenAI's fields in the words of a catalog model, and back (see `field_words`)."""

from collections.abc import Mapping
from typing import Any

from gateway.domain.field_words import Placed, Properties, number_of

PROMPT = ("prompt", "text", "input")
REFERENCE = ("input_image", "image_url", "image_urls", "images")
SOURCE_VIDEO = ("video_urls", "video_url", "video_filename")
VOICE = ("voice_id", "voice")
SECONDS = ("duration", "duration_seconds", "seconds")
RATIO = ("aspect_ratio", "size", "ratio")
FRAME_RATE = 24
_LABELS = {480: "480p", 540: "540p", 576: "576p", 720: "720p", 768: "768p", 1080: "1080p", 2160: "4k"}
_SIDES = {label: side for side, label in _LABELS.items()}


def place_seconds(properties: Properties, value: Any) -> Placed | None:
    """A length in seconds, also as text: the model's duration, or as many frames as that takes."""
    seconds = number_of(value)
    name = next((each for each in SECONDS if each in properties), None)
    if name is not None:
        return {name: value if seconds is None else seconds}
    if "frames" not in properties or seconds is None:
        return None
    rate = properties.get("frame_rate", {}).get("default", FRAME_RATE)
    return {"frames": round(seconds * rate) + 1}


def place_size(properties: Properties, value: Any) -> Placed | None:
    """`1280x720` as width and height, as it stands, or as resolution and aspect ratio."""
    named = properties.get("size", {})
    if value in named.get("enum", ()) or ("size" in properties and "enum" not in named):
        return {"size": value}
    pixels = parse_size(value)
    if pixels is None:
        return None
    if {"width", "height"} <= properties.keys():
        return {"width": pixels[0], "height": pixels[1]}
    return _by_words(properties, *pixels)


def parse_size(value: Any) -> tuple[int, int] | None:
    """Width and height in pixels."""
    if not isinstance(value, str):
        return None
    width, _, height = value.partition("x")
    if not all(side.isascii() and side.isdigit() and 0 < len(side) < 6 for side in (width, height)):
        return None
    return (int(width), int(height)) if int(width) and int(height) else None


def shown_size(given: Mapping[str, Any]) -> str | None:
    """The size that an input asks for, as `1280x720`; None where the model decides."""
    if "width" in given and "height" in given:
        return f"{given['width']}x{given['height']}"
    ratio = next((given[name] for name in RATIO if ":" in str(given.get(name, ""))), None)
    side = _SIDES.get(str(given.get("resolution", "")))
    if ratio is None or side is None:
        return str(given["size"]) if parse_size(given.get("size")) else None
    across, down = (int(part) for part in ratio.split(":"))
    long = 2 * round(side * max(across, down) / min(across, down) / 2)
    return f"{long}x{side}" if across >= down else f"{side}x{long}"


def shown_seconds(given: Mapping[str, Any]) -> str | None:
    """The length that an input asks for, as OpenAI's text of whole seconds."""
    name = next((each for each in SECONDS if each in given), None)
    if name is not None:
        return str(given[name])
    if "frames" in given:
        return str(max(1, round((given["frames"] - 1) / given.get("frame_rate", FRAME_RATE))))
    return None


def _by_words(properties: Properties, width: int, height: int) -> Placed | None:
    placed: dict[str, Any] = {}
    label = _LABELS.get(min(width, height))
    if "resolution" in properties:
        if label not in properties["resolution"].get("enum", ()):
            return None
        placed["resolution"] = label
    ratio = next((name for name in RATIO if name in properties), None)
    if ratio is None:
        return None  # the shape would be lost
    choices = [each for each in properties[ratio].get("enum", ()) if _is_ratio(each, width, height)]
    return {**placed, ratio: choices[0]} if choices else None


def _is_ratio(text: Any, width: int, height: int) -> bool:
    across, _, down = str(text).partition(":")
    return (
        across.isdigit()
        and down.isdigit()
        and abs(width * int(down) - height * int(across)) <= max(width, height)
    )
