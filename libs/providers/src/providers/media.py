"""What bytes are, by how they begin: for answers and inputs whose content type says too little."""

from collections.abc import Callable
from typing import Final

GENERIC: Final = frozenset({"", "application/octet-stream", "application/binary", "binary/octet-stream"})
"""Content types that say nothing."""
_Test = Callable[[bytes], bool]
_KINDS: Final[tuple[tuple[str, _Test], ...]] = (
    ("image/png", lambda b: b.startswith(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", lambda b: b.startswith(b"\xff\xd8\xff")),
    ("image/gif", lambda b: b.startswith((b"GIF87a", b"GIF89a"))),
    ("image/webp", lambda b: b[:4] == b"RIFF" and b[8:12] == b"WEBP"),
    ("audio/wav", lambda b: b[:4] == b"RIFF" and b[8:12] == b"WAVE"),
    ("audio/flac", lambda b: b.startswith(b"fLaC")),
    ("audio/ogg", lambda b: b.startswith(b"OggS")),
    ("audio/aac", lambda b: b[:1] == b"\xff" and b[1:2] in {b"\xf1", b"\xf9", b"\xf0", b"\xf8"}),
    ("audio/mpeg", lambda b: b.startswith(b"ID3") or (b[:1] == b"\xff" and b[1:2] >= b"\xe0")),
    ("video/mp4", lambda b: b[4:8] == b"ftyp"),
    ("video/webm", lambda b: b.startswith(b"\x1a\x45\xdf\xa3")),
)
_SUFFIXES: Final = {
    "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp",
    "audio/wav": "wav", "audio/x-wav": "wav", "audio/flac": "flac", "audio/ogg": "ogg", "audio/aac": "aac",
    "audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/webm": "webm", "video/mp4": "mp4", "video/webm": "webm",
}  # fmt: skip


def bare_type(header: str) -> str:
    """A content type without its parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def sniffed(data: bytes) -> str | None:
    """The content type of well-known media; None for anything else."""
    return next((kind for kind, fits in _KINDS if fits(data)), None)


def content_type(header: str, data: bytes) -> str | None:
    """What the header says, or what the bytes show where it says nothing."""
    said = bare_type(header)
    return sniffed(data) if said in GENERIC else said


def suffix(kind: str) -> str:
    """A file name's ending for a content type, without the dot; `bin` where there is none."""
    return _SUFFIXES.get(bare_type(kind), "bin")
