"""What a result file is, by the end of its name, for protocols that don't say."""

from typing import Final
from urllib.parse import urlsplit

from providers.outcomes import OutputKind

_BY_SUFFIX: Final[dict[str, tuple[OutputKind, str]]] = {
    "mp4": ("video", "video/mp4"), "webm": ("video", "video/webm"), "mov": ("video", "video/quicktime"),
    "mkv": ("video", "video/x-matroska"), "png": ("image", "image/png"), "jpg": ("image", "image/jpeg"),
    "jpeg": ("image", "image/jpeg"), "webp": ("image", "image/webp"), "gif": ("image", "image/gif"),
    "mp3": ("audio", "audio/mpeg"), "wav": ("audio", "audio/wav"), "flac": ("audio", "audio/flac"),
    "opus": ("audio", "audio/ogg"), "ogg": ("audio", "audio/ogg"), "m4a": ("audio", "audio/mp4"),
    "srt": ("subtitle", "application/x-subrip"), "vtt": ("subtitle", "text/vtt"),
    "glb": ("mesh", "model/gltf-binary"), "txt": ("text", "text/plain"),
}  # fmt: skip


def kind_of_name(name: str) -> tuple[OutputKind, str] | None:
    """Kind and content type of a file; None for what nobody stores."""
    return _BY_SUFFIX.get(name.rpartition(".")[2].lower())


def kind_of_url(url: str) -> tuple[OutputKind, str] | None:
    """Kind and content type by an address's path, its query aside."""
    return kind_of_name(urlsplit(url).path)
