"""What a file that somebody sent is, read from its first bytes alone: nothing is decoded.

PNG: https://www.w3.org/TR/png-3/, JPEG: ITU T.81 annex B, WebP: RFC 9649.
"""

import struct
from dataclasses import dataclass
from typing import Literal, get_args

MediaKind = Literal["image", "video", "audio"]
KINDS: frozenset[MediaKind] = frozenset(get_args(MediaKind))

PNG_END = b"\x00\x00\x00\x00IEND\xaeB\x60\x82"
_STARTS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"ID3": "audio/mpeg",
    b"fLaC": "audio/flac",
    b"OggS": "audio/ogg",
    b"\x1aE\xdf\xa3": "video/webm",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_SYNC_AUDIO = {
    b"\xff\xfb": "audio/mpeg",
    b"\xff\xfa": "audio/mpeg",
    b"\xff\xf3": "audio/mpeg",
    b"\xff\xf2": "audio/mpeg",
    b"\xff\xf1": "audio/aac",
    b"\xff\xf9": "audio/aac",
}
_AUDIO_BRANDS = (b"M4A", b"M4B")
_IMAGE_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})
ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "audio/mpeg": "mp3",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/aac": "aac",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}
"""Every content type that is taken, with the ending of its file names."""

_NO_FRAME = frozenset({0xC4, 0xC8, 0xCC})
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


class UnreadableError(Exception):
    """The first bytes are of a picture, but say no size: broken, cut off, or something else in disguise."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a picture, in pixels."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        """How many it would take to decode it."""
        return self.width * self.height


def content_type(head: bytes) -> str | None:
    """Of the file that begins like this; None for everything that isn't taken."""
    for start, found in _STARTS.items():
        if head.startswith(start):
            return found
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    return _SYNC_AUDIO.get(head[:2])


def kind_of(content_type: str) -> MediaKind:
    """The family of a content type that is taken."""
    kind = content_type.partition("/")[0]
    return "image" if kind == "image" else "video" if kind == "video" else "audio"


def picture_size(content_type: str, head: bytes) -> Size:
    """Of a picture. Raises UnreadableError unless `head` tells a width and height above nothing."""
    read = {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp}[content_type]
    try:
        size = read(head)
    except (struct.error, IndexError):
        raise UnreadableError("it is cut off") from None
    if size.width < 1 or size.height < 1:
        raise UnreadableError("it has no pixels")
    return size


def ends_well(content_type: str, head: bytes, tail: bytes, size: int) -> bool:
    """Whether a file of `size` bytes stops where its format says: neither cut off nor with a second file
    behind it. Formats that don't say are trusted; JPEG files of phones carry data behind their end.
    """
    if content_type == "image/png":
        return tail.endswith(PNG_END)
    if content_type == "image/webp":
        length = int.from_bytes(head[4:8], "little") + 8
        return size in {length, length + length % 2}
    return True


def _of_brand(brand: bytes) -> str | None:
    if brand in _IMAGE_BRANDS:
        return None
    if brand.startswith(_AUDIO_BRANDS):
        return "audio/mp4"
    return "video/quicktime" if brand == b"qt  " else "video/mp4"


def _png(head: bytes) -> Size:
    if head[8:16] != b"\x00\x00\x00\x0dIHDR":
        raise UnreadableError("it doesn't begin with a header")
    return Size(*struct.unpack_from(">II", head, 16))


def _jpeg(head: bytes) -> Size:
    """Walk the segments up to the frame's header."""
    at = 2
    while True:
        if head[at] != 0xFF:
            raise UnreadableError("its segments don't follow each other")
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return Size(width, height)
        elif marker in {0xD8, 0xD9, 0xDA}:
            raise UnreadableError("it has no frame")
        else:
            length: int = struct.unpack_from(">H", head, at + 2)[0]
            at += 2 + max(length, 2)


def _webp(head: bytes) -> Size:
    chunk = head[12:16]
    if chunk == b"VP8X":
        return Size(_little(head, 24) + 1, _little(head, 27) + 1)
    if chunk == b"VP8L" and head[20] == 0x2F:
        bits = struct.unpack_from("<I", head, 21)[0]
        return Size((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)
    if chunk == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", head, 26)
        return Size(width & 0x3FFF, height & 0x3FFF)
    raise UnreadableError("it holds no picture")


def _little(head: bytes, at: int) -> int:
    """Three bytes, the lowest first."""
    if len(head) < at + 3:
        raise UnreadableError("it is cut off")
    return int.from_bytes(head[at : at + 3], "little")
