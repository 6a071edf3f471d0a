"""The `content[]` of an Ark task from our input fields."""

from collections.abc import Iterator, Mapping
from typing import Any

FRAMES = ("first_frame", "last_frame")
ONLY_FRAMES = "seedance-1-"
"""Series that take no references: their images are frames."""
ROLE_OF_LIST = {"image": "reference_image", "video": "reference_video", "audio": "reference_audio"}


def content(model: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Text first, then images, videos and audios in the caller's order.

    `image_urls` are reference images, one or several (so the schema titles them), and the first and the last
    frame for a series that takes no references; otherwise a frame is named as such in `image_with_roles`.
    """
    parts: list[dict[str, Any]] = []
    if given.get("prompt"):
        parts.append({"type": "text", "text": given["prompt"]})
    images = given.get("image_urls", [])
    references = [ROLE_OF_LIST["image"]] * len(images)  # one too many is for Ark to refuse, not ours to drop
    roles = [*FRAMES, *references] if ONLY_FRAMES in model else references
    parts += [_medium("image", url, role) for url, role in zip(images, roles, strict=False)]
    parts += [_medium("image", each["url"], each["role"]) for each in given.get("image_with_roles", [])]
    parts += _references(given, "video")
    parts += _references(given, "audio")
    return parts


def _references(given: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    return (_medium(kind, url, ROLE_OF_LIST[kind]) for url in given.get(f"{kind}_urls", []))


def _medium(kind: str, url: str, role: str) -> dict[str, Any]:
    field = f"{kind}_url"
    return {"type": field, field: {"url": url}, "role": role}
