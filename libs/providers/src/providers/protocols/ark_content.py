"""The `content[]` of an Ark task from our input fields."""

from collections.abc import Iterator, Mapping
from typing import Any

ROLE_OF_LIST = {"image": "reference_image", "video": "reference_video", "audio": "reference_audio"}


def content(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Text first, then images, videos and audios in the caller's order.

    `image_urls` are reference images, one or several (so the schema titles them); a first or last frame is
    named as such in `image_with_roles`.
    """
    parts: list[dict[str, Any]] = []
    if given.get("prompt"):
        parts.append({"type": "text", "text": given["prompt"]})
    parts += _references(given, "image")
    parts += [_medium("image", each["url"], each["role"]) for each in given.get("image_with_roles", [])]
    parts += _references(given, "video")
    parts += _references(given, "audio")
    return parts


def _references(given: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    return (_medium(kind, url, ROLE_OF_LIST[kind]) for url in given.get(f"{kind}_urls", []))


def _medium(kind: str, url: str, role: str) -> dict[str, Any]:
    field = f"{kind}_url"
    return {"type": field, field: {"url": url}, "role": role}
