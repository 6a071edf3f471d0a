"""Media that a job was given: data URIs decoded at submit, URLs fetched when the job runs."""

import base64
import binascii
import io
from dataclasses import dataclass
from typing import Literal

import aiohttp
from PIL import Image, UnidentifiedImageError

MAX_BYTES = 50 * 1024 * 1024
FETCH_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3, sock_read=5)

Kind = Literal["image", "video", "audio"]


@dataclass(slots=True)
class MediaInput:
    """One input of a job. `data` is there at once for inline media, otherwise after fetching."""

    kind: Kind
    url: str = ""
    data: bytes | None = None
    seconds: float | None = None
    """How long a video or sound lasts, once that is known."""

    @property
    def fetchable(self) -> bool:
        """False for inline media and for the provider's own asset references."""
        return self.data is None and self.url.startswith(("http://", "https://"))


def decode_base64(text: str) -> bytes:
    """Strict base64. Raises ValueError if it isn't, or is empty."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not valid base64") from None
    if not data:
        raise ValueError("empty")
    return data


def decode_data_uri(uri: str, kind: Kind) -> bytes:
    """The bytes of `data:<kind>/…;base64,…`. Raises ValueError that says what is wrong."""
    head, comma, payload = uri.partition(",")
    if not comma or not head.endswith(";base64"):
        raise ValueError("a data URI must be data:<type>;base64,<data>")
    if not head.lower().startswith(f"data:{kind}/"):
        raise ValueError(f"not of type {kind}")
    data = decode_base64(payload)
    if kind == "image":
        image_size(data)
    return data


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises ValueError if `data` isn't an image."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise ValueError("not an image that can be opened") from None


async def fetch(session: aiohttp.ClientSession, url: str) -> bytes | None:
    """The file behind `url`; None if it can't be had, for whatever reason."""
    try:
        async with session.get(url, timeout=FETCH_TIMEOUT) as answer:
            if answer.status != 200:
                return None
            data = await answer.content.read(MAX_BYTES + 1)
            while len(data) <= MAX_BYTES and (more := await answer.content.read(MAX_BYTES)):
                data += more
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None
    return data if len(data) <= MAX_BYTES else None
