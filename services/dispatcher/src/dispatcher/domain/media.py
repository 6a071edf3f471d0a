"""What a file is, by its first bytes."""


def image_type(content: bytes) -> str | None:
    """The content type of a PNG, JPEG or WebP file; None for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return None
