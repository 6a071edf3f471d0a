"""Looks into files that are no media streams: subtitles, meshes, texts. Runs in a probe worker only."""

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from storage.domain.media import Container, MediaKind, Probe
from storage.probe.errors import UnreadableError

MAX_TEXT_BYTES: Final = 4 * 1024 * 1024
_MAX_JSON_BYTES: Final = 16 * 1024 * 1024
_BLOCKS: Final = re.compile(r"\n[ \t]*\n")
_TIME: Final = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)[,.](\d{3})"
_TIMES: Final = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?=\s|$)")
_NOT_CUES: Final = ("NOTE", "STYLE", "REGION")
_GLB_HEADER: Final = struct.Struct("<4sII")
_CHUNK_HEADER: Final = struct.Struct("<II")
_JSON_CHUNK, _BINARY_CHUNK = 0x4E4F534A, 0x004E4942


def inspect_text(path: Path, container: Container) -> Probe:
    """Read a text to its end."""
    if not _text(path).strip():
        raise UnreadableError("an empty text")
    return _probe("text", container)


def inspect_subtitle(path: Path, container: Container) -> Probe:
    """Read every cue; the last one's end is the duration."""
    blocks = [block for block in _BLOCKS.split(_text(path)) if block.strip()]
    if container.name == "vtt":
        blocks = [block for block in blocks[1:] if not block.lstrip().startswith(_NOT_CUES)]
    ends = [_end_of_cue(block) for block in blocks]
    if not ends:
        raise UnreadableError("subtitles without a line")
    return _probe("subtitle", container, duration_ms=max(ends))


def inspect_mesh(path: Path, container: Container) -> Probe:
    """Read a binary glTF's header, its scene and that every buffer is there in full."""
    size = path.stat().st_size
    with path.open("rb") as file:
        _, version, declared = _unpack(_GLB_HEADER, file.read(_GLB_HEADER.size))
        if version != 2 or declared != size:
            raise UnreadableError(f"a glTF of version {version} that says it has {declared} of {size} bytes")
        chunks = list(_chunks(file, size))
    try:
        _check_buffers(_scene(chunks), chunks[1:])
    except (AttributeError, KeyError, TypeError) as error:
        raise UnreadableError("a glTF whose scene is malformed") from error
    return _probe("mesh", container)


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise UnreadableError(f"a text of more than {MAX_TEXT_BYTES} bytes")
    text = path.read_text("utf-8-sig")
    if "\0" in text:
        raise UnreadableError("a text with U+0000")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _end_of_cue(block: str) -> int:
    """Milliseconds. A cue is an optional name, a line of times, and text."""
    lines = block.strip().split("\n")
    found = next((match for match in map(_TIMES.match, lines[:2]) if match), None)
    if found is None:
        raise UnreadableError(f"subtitles with a part that has no times: {lines[0][:40]!r}")
    begin, end = _milliseconds(found.groups()[:4]), _milliseconds(found.groups()[4:])
    if end < begin:
        raise UnreadableError("subtitles with a line that ends before it begins")
    return end


def _milliseconds(parts: tuple[str | Any, ...]) -> int:
    hours, minutes, seconds, rest = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def _chunks(file: Any, size: int) -> Iterator[tuple[int, int, bytes]]:
    """Type, length and - of the first alone - the content of each chunk."""
    at = _GLB_HEADER.size
    while at < size:
        length, kind = _unpack(_CHUNK_HEADER, file.read(_CHUNK_HEADER.size))
        at += _CHUNK_HEADER.size + length
        if at > size or length % 4:
            raise UnreadableError("a glTF with a part that goes beyond its end")
        first = file.tell() == _GLB_HEADER.size + _CHUNK_HEADER.size
        if first and length > _MAX_JSON_BYTES:
            raise UnreadableError("a glTF with too large a scene")
        yield kind, length, file.read(length) if first else b""
        file.seek(at)


def _scene(chunks: list[tuple[int, int, bytes]]) -> dict[str, Any]:
    if not chunks or chunks[0][0] != _JSON_CHUNK:
        raise UnreadableError("a glTF without a scene")
    scene: dict[str, Any] = json.loads(chunks[0][2])
    if not str(scene["asset"]["version"]).startswith("2."):
        raise UnreadableError("a glTF whose scene has another version")
    return scene


def _check_buffers(scene: dict[str, Any], rest: list[tuple[int, int, bytes]]) -> None:
    buffers, images = scene.get("buffers", []), scene.get("images", [])
    outside = [each for each in (*buffers, *images) if not str(each.get("uri", "data:")).startswith("data:")]
    if outside:
        raise UnreadableError("a glTF that needs other files")
    inside = [each for each in buffers if "uri" not in each]
    there = [length for kind, length, _ in rest if kind == _BINARY_CHUNK][: len(inside)]
    if len(there) < len(inside) or any(
        int(each["byteLength"]) > length for each, length in zip(inside, there, strict=True)
    ):
        raise UnreadableError("a glTF whose data is cut off")


def _unpack(layout: struct.Struct, data: bytes) -> tuple[Any, ...]:
    try:
        return layout.unpack(data)
    except struct.error as error:
        raise UnreadableError("a glTF that is cut off") from error


def _probe(kind: MediaKind, container: Container, duration_ms: int | None = None) -> Probe:
    named = container.types[kind]
    return Probe(
        kind, container.name, named.content_type, named.extension, container.name, duration_ms=duration_ms
    )
