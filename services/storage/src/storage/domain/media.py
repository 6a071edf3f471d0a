"""What a file is, told by its first bytes; names and declared types are never believed. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

MediaKind = Literal["video", "image", "audio", "subtitle", "mesh", "text"]
HEAD_BYTES: Final = 4096
"""How much of a file's beginning ``sniff`` wants to see."""


@dataclass(frozen=True, slots=True)
class FileType:
    """How a file is served and named; the extension has no dot."""

    content_type: str
    extension: str


@dataclass(frozen=True, slots=True)
class Container:
    """A file format: its name and what it is called when it holds a kind of media.

    ``demuxer`` is FFmpeg's name for it, None for what it doesn't open. It is always given explicitly, so that
    a file can't be taken for a playlist that names other files or addresses.
    """

    name: str
    types: dict[MediaKind, FileType]
    demuxer: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What decoding a file has shown. Sizes are as displayed (rotated); None where a thing doesn't apply."""

    kind: MediaKind
    container: str
    content_type: str
    extension: str
    codec: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    has_audio: bool | None = None
    frames: int | None = None


MP4: Final = Container(
    "mp4", {"video": FileType("video/mp4", "mp4"), "audio": FileType("audio/mp4", "m4a")}, "mp4"
)
MOV: Final = Container("mov", {"video": FileType("video/quicktime", "mov")}, "mov")
M4A: Final = Container("m4a", {"audio": FileType("audio/mp4", "m4a")}, "mp4")
WEBM: Final = Container(
    "webm", {"video": FileType("video/webm", "webm"), "audio": FileType("audio/webm", "weba")}, "matroska"
)
MATROSKA: Final = Container(
    "matroska",
    {"video": FileType("video/x-matroska", "mkv"), "audio": FileType("audio/x-matroska", "mka")},
    "matroska",
)
MPEG_TS: Final = Container("mpegts", {"video": FileType("video/mp2t", "ts")}, "mpegts")
AVI: Final = Container("avi", {"video": FileType("video/x-msvideo", "avi")}, "avi")
PNG: Final = Container("png", {"image": FileType("image/png", "png")})
JPEG: Final = Container("jpeg", {"image": FileType("image/jpeg", "jpg")})
WEBP: Final = Container("webp", {"image": FileType("image/webp", "webp")})
GIF: Final = Container("gif", {"image": FileType("image/gif", "gif")})
AVIF: Final = Container("avif", {"image": FileType("image/avif", "avif")})
MP3: Final = Container("mp3", {"audio": FileType("audio/mpeg", "mp3")}, "mp3")
AAC: Final = Container("aac", {"audio": FileType("audio/aac", "aac")}, "aac")
WAV: Final = Container("wav", {"audio": FileType("audio/wav", "wav")}, "wav")
FLAC: Final = Container("flac", {"audio": FileType("audio/flac", "flac")}, "flac")
OGG: Final = Container(
    "ogg", {"audio": FileType("audio/ogg", "ogg"), "video": FileType("video/ogg", "ogv")}, "ogg"
)
SRT_TYPE: Final = FileType("application/x-subrip", "srt")
SRT: Final = Container("srt", {"subtitle": SRT_TYPE, "text": SRT_TYPE})
VTT_TYPE: Final = FileType("text/vtt", "vtt")
VTT: Final = Container("vtt", {"subtitle": VTT_TYPE, "text": VTT_TYPE})
GLB: Final = Container("glb", {"mesh": FileType("model/gltf-binary", "glb")})
TEXT: Final = Container("text", {"text": FileType("text/plain", "txt")})
"""Anything that can be read: markup and JSON too are served as plain text."""


def sniff(head: bytes) -> Container | None:
    """Tell a file's format by its first ``HEAD_BYTES`` bytes; None when it is none that we store."""
    for matches, container in _SIGNATURES:
        if matches(head):
            return container
    return None


_SRT_CUE: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*\d+[ \t]*\r?\n\d{2,}:\d{2}:\d{2}[,.]\d{3}[ \t]+-->")
_VTT_MARK: Final = re.compile(rb"(?:\xef\xbb\xbf)?WEBVTT(?:[ \t\r\n]|$)")
_UNPRINTABLE: Final = frozenset(range(32)) - frozenset(b"\t\n\r\f")
_LONGEST_CHARACTER: Final = 4
"""Bytes of a character in UTF-8: so many may be cut off at the end of a head."""


def is_text(head: bytes) -> bool:
    """Tell whether bytes are UTF-8 without control characters; the last one may be cut off."""
    if not head or any(byte in _UNPRINTABLE for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start > len(head) - _LONGEST_CHARACTER
    return True


def _starts(*prefixes: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(prefixes)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(b"RIFF") and head[8:12] == form


def _brand(*brands: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[4:8] == b"ftyp" and head[8:12] in brands


def _ebml(doc_type: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(b"\x1aE\xdf\xa3") and doc_type in head[:256]


def _mpeg_ts(head: bytes) -> bool:
    return len(head) > 376 and head[0] == head[188] == head[376] == 0x47


def _mp3(head: bytes) -> bool:
    """Match an ID3 tag or a frame header of layer I-III with a valid bitrate and rate."""
    if head.startswith(b"ID3"):
        return True
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer != 0 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3


def _quicktime(head: bytes) -> bool:
    return head[4:12] == b"ftypqt  " or head[4:8] in {b"moov", b"mdat", b"wide"}


_SIGNATURES: Final[tuple[tuple[Callable[[bytes], bool], Container], ...]] = (
    (_starts(b"\x89PNG\r\n\x1a\n"), PNG),
    (_starts(b"\xff\xd8\xff"), JPEG),
    (_starts(b"GIF87a", b"GIF89a"), GIF),
    (_riff(b"WEBP"), WEBP),
    (_riff(b"WAVE"), WAV),
    (_riff(b"AVI "), AVI),
    (_brand(b"avif", b"avis"), AVIF),
    (_brand(b"M4A ", b"M4B "), M4A),
    (_quicktime, MOV),
    (lambda head: head[4:8] == b"ftyp" and head[8:12] not in {b"heic", b"heix", b"mif1", b"msf1"}, MP4),
    (_ebml(b"webm"), WEBM),
    (_ebml(b"matroska"), MATROSKA),
    (_starts(b"fLaC"), FLAC),
    (_starts(b"OggS"), OGG),
    (_starts(b"\xff\xf1", b"\xff\xf9"), AAC),
    (_mpeg_ts, MPEG_TS),
    (_mp3, MP3),
    (_starts(b"glTF"), GLB),
    (lambda head: _VTT_MARK.match(head) is not None, VTT),
    (lambda head: _SRT_CUE.match(head) is not None, SRT),
    (is_text, TEXT),
)
