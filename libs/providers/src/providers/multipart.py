"""`multipart/form-data` bodies (RFC 7578), the same for the same parts."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Part:
    """One field; with a file name it is a file."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str | None = None


def field(name: str, value: str) -> Part:
    """A field of text."""
    return Part(name, value.encode())


def encode(parts: Iterable[Part]) -> tuple[str, bytes]:
    """The content type, which names the boundary, and the body."""
    pieces = [_head(part) + part.content + b"\r\n" for part in parts]
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    # A body can't hold its own digest, so the boundary is in none of the parts.
    boundary = f"framebus-{digest.hexdigest()[:40]}"
    opening = f"--{boundary}\r\n".encode()
    body = b"".join(opening + piece for piece in pieces) + f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def _head(part: Part) -> bytes:
    lines = [f'Content-Disposition: form-data; name="{_quoted(part.name)}"']
    if part.filename is not None:
        lines[0] += f'; filename="{_quoted(part.filename)}"'
    if part.content_type is not None:
        lines.append(f"Content-Type: {part.content_type}")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def _quoted(text: str) -> str:
    """As browsers do it: quotes and line ends are percent-encoded."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
