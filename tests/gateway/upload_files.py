"""Small files of every kind, forms written by hand, and what lies in the object store."""

import io
import struct
import wave
import zlib
from typing import Any

from gateway_tools import World
from PIL import Image
from stack.servers import Servers

BOUNDARY = "----a-boundary"
FORM_HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    """A real picture."""
    out = io.BytesIO()
    Image.new("RGB", size, "navy").save(out, kind)
    return out.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that decodes to many."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(9999))) + chunk(b"IEND", b"")


def sound() -> bytes:
    """A second of silence as WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    return out.getvalue()


def video(size: int = 4096) -> bytes:
    """What begins like an MP4 file."""
    return b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(size - 24)


def form(content: bytes, name: str = "a.png", field: str = "file", claimed: str = "image/png") -> bytes:
    """A whole form with one file."""
    return (
        (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
            f"Content-Type: {claimed}\r\n\r\n"
        ).encode()
        + content
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )


def store(servers: Servers, **changes: Any) -> dict[str, Any]:
    """The gateway's settings for the real object store."""
    return {
        "s3_endpoint": servers.s3_endpoint,
        "s3_bucket": servers.s3_bucket,
        "s3_access_key": servers.s3_access_key,
        "s3_secret_key": servers.s3_secret_key,
        **changes,
    }


async def left_behind(world: World, account: Any) -> list[str]:
    """Keys of an account's objects, and of uploads in parts that nobody finished."""
    prefix, bucket = f"uploads/{account}/", world.settings.s3_bucket
    found = await world.objects.client.list_objects_v2(Bucket=bucket, Prefix=prefix)
    begun = await world.objects.client.list_multipart_uploads(Bucket=bucket)
    keys = [each["Key"] for each in [*found.get("Contents", []), *begun.get("Uploads", [])]]
    return [key for key in keys if key.startswith(prefix)]
