"""References to media in inputs: web URLs, data URIs, provider assets."""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import unquote_to_bytes, urlsplit

MediaKind = Literal["image", "video", "audio"]
Scheme = Literal["url", "data", "asset"]

_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
_DATA = re.compile(r"data:([^,]{0,200}),", re.IGNORECASE)
_BASE64 = re.compile(r";base64$", re.IGNORECASE)
_ASSET = re.compile(r"asset://[A-Za-z0-9._/-]{1,200}")


def inline_bytes(value: Any) -> int:
    """Decoded size of all data URIs anywhere in an input, in bytes."""
    if isinstance(value, str):
        return _decoded_size(value)
    if isinstance(value, dict):
        return sum(map(inline_bytes, value.values()))
    if isinstance(value, list):
        return sum(map(inline_bytes, value))
    return 0


def replaced(value: Any, changes: Mapping[str, str]) -> Any:
    """A copy of a JSON value with other texts where `changes` names them."""
    if isinstance(value, str):
        return changes.get(value, value)
    if isinstance(value, dict):
        return {name: replaced(each, changes) for name, each in value.items()}
    if isinstance(value, list):
        return [replaced(each, changes) for each in value]
    return value


def medium_fault(value: str, kind: MediaKind, accept: list[Scheme]) -> tuple[str, str] | None:
    """Code and message of what is wrong with a reference to a medium, or None."""
    if value[:5].lower() == "data:":
        if "data" not in accept:
            return "data_uri_not_allowed", "must be a public URL; this model takes no data URI"
        return _data_fault(value, kind)
    if "asset" in accept and _ASSET.fullmatch(value):
        return None
    if is_web_url(value):
        return None
    return "invalid_url", f"must be {_choices(accept, kind)}"


def is_web_url(value: str) -> bool:
    """Whether it is an absolute http(s) URL with a host."""
    if _UNPRINTABLE.search(value):
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)


def _data_fault(value: str, kind: MediaKind) -> tuple[str, str] | None:
    head = _DATA.match(value)
    if head is None or not _BASE64.search(head[1]):
        return "invalid_data_uri", f"must have the form data:{kind}/…;base64,…"
    if not head[1].lower().startswith(f"{kind}/"):
        return "invalid_data_uri", f"must be a data URI of type {kind}/…"
    try:
        content = b64decode(value[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        return "invalid_data_uri", "is not valid base64"
    return None if content else ("invalid_data_uri", "is empty")


def _decoded_size(value: str) -> int:
    head = _DATA.match(value)
    if head is None:
        return 0
    if not _BASE64.search(head[1]):
        return len(unquote_to_bytes(value[head.end() :]))
    encoded = len(value) - head.end()
    padding = len(value) - len(value.rstrip("=")) if encoded else 0
    return max(0, encoded - padding) * 3 // 4


def _choices(accept: list[Scheme], kind: MediaKind) -> str:
    names = {"url": "an http(s) URL", "data": f"a data:{kind}/… URI", "asset": "an asset:// reference"}
    return " or ".join(names[each] for each in accept)
