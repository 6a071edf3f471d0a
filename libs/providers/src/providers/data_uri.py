"""Files written into an answer as `data:` URIs."""

import binascii
from base64 import b64decode
from urllib.parse import unquote_to_bytes


def content_of(text: str) -> tuple[str, bytes] | None:
    """Content type and bytes of a data URI; None if it is none, or says nothing."""
    if not text.startswith("data:") or "," not in text:
        return None
    head, _, payload = text[5:].partition(",")
    content_type, *marks = head.split(";")
    try:
        content = b64decode(payload, validate=True) if "base64" in marks else unquote_to_bytes(payload)
    except (binascii.Error, ValueError):
        return None
    return (content_type or "text/plain", content) if content else None
