"""What is in a result's file, in words."""

import re
from pathlib import Path

import av
from PIL import Image


def probe(file: Path, kind: str) -> str:
    """Open the file as what it should be; raises if it isn't that."""
    return {"image": _image, "subtitle": _subtitle, "mesh": _mesh, "text": _text}.get(kind, _stream)(file)


def _stream(file: Path) -> str:
    with av.open(str(file)) as container:
        seconds = (container.duration or 0) / 1_000_000
        if not container.streams.video:
            return f"{container.streams.audio[0].codec_context.name} sound, {seconds:.1f} s"
        video = container.streams.video[0].codec_context
        sound = "with sound" if container.streams.audio else "silent"
        return f"{video.width}x{video.height}, {seconds:.1f} s, {sound}"


def _image(file: Path) -> str:
    with Image.open(file) as image:
        return f"{image.format} of {image.width}x{image.height}"


def _subtitle(file: Path) -> str:
    lines = re.findall(r"-->", file.read_text("utf-8-sig"))
    if not lines:
        raise ValueError(f"{file} has no subtitles")
    return f"{len(lines)} subtitle(s)"


def _mesh(file: Path) -> str:
    content = file.read_bytes()
    if content[:4] != b"glTF" or int.from_bytes(content[8:12], "little") != len(content):
        raise ValueError(f"{file} is no whole binary glTF")
    return f"binary glTF of {len(content)} bytes"


def _text(file: Path) -> str:
    return f"{len(file.read_text('utf-8').split())} word(s)"
