"""First and last frame of a video, however the input names them."""

from collections.abc import Mapping
from typing import Any


def frames(given: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """`image_with_roles` by their roles, else the first two of `image_urls`."""
    roles = {each.get("role"): each.get("url") for each in given.get("image_with_roles") or ()}
    if roles:
        return roles.get("first_frame"), roles.get("last_frame")
    urls = list(given.get("image_urls") or ())
    return (urls[0] if urls else None), (urls[1] if len(urls) > 1 else None)
