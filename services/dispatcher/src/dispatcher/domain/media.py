"""What a file is, by its first bytes."""

_STARTS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"ID3": "audio/mpeg",
    b"fLaC": "audio/flac",
    b"OggS": "audio/ogg",
    b"\x1aE\xdf\xa3": "video/webm",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_MPEG_AUDIO = frozenset({b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"})
_FTYP_AUDIO = (b"M4A", b"M4B")


def media_type(content: bytes) -> str | None:
    """The content type of a picture, sound or video file; None for anything else."""
    for start, content_type in _STARTS.items():
        if content.startswith(start):
            return content_type
    if content.startswith(b"RIFF"):
        return _RIFF.get(content[8:12])
    if content[:2] in _MPEG_AUDIO:
        return "audio/mpeg"
    if content[4:8] == b"ftyp":
        return _of_brand(content[8:12])
    return None


def _of_brand(brand: bytes) -> str:
    if brand.startswith(_FTYP_AUDIO):
        return "audio/mp4"
    return "video/quicktime" if brand == b"qt  " else "video/mp4"
