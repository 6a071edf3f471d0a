"""Real media files for the tests, made with PyAV."""

import json
import struct
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from PIL import Image


def make_video(
    path: Path,
    *,
    width: int = 160,
    height: int = 90,
    seconds: int = 2,
    sound: bool = False,
    codec: str = "libx264",
    pixels: str = "yuv420p",
) -> Path:
    """Write frames from black to red, so that the last one is known, with a silent track if asked."""
    rate, frames = 12, seconds * 12
    options = {"movflags": "faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as output:
        video: Any = output.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = width, height, pixels
        audio: Any = output.add_stream("aac", rate=48000, layout="stereo") if sound else None
        for number in range(frames):
            frame = _picture(width, height, 255 * number // (frames - 1))
            frame.pts, frame.time_base = number, Fraction(1, rate)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        if audio is not None:
            _silence(output, audio, seconds)
    return path


def _picture(width: int, height: int, red: int) -> Any:
    frames: Any = av.VideoFrame
    return frames.from_image(Image.new("RGB", (width, height), (red, 0, 0)))


def make_audio(path: Path, codec: str, seconds: int = 2) -> Path:
    """Write silence."""
    with av.open(str(path), "w") as output:
        _silence(output, output.add_stream(codec, rate=48000, layout="stereo"), seconds)
    return path


def make_image(path: Path, size: tuple[int, int] = (64, 48)) -> Path:
    """Write a picture in the format of its suffix."""
    Image.new("RGB", size, "navy").save(path)
    return path


SRT = b"1\n00:00:00,000 --> 00:00:02,000\nA lion\n\n2\n00:00:02,500 --> 00:00:04,500\nyawns.\nTwice.\n"
VTT = (
    b"WEBVTT\n\nNOTE made by hand\n\nfirst\n00:00.000 --> 00:02.000 align:start\nA lion\n\n"
    b"01:00:00.000 --> 01:00:01.000\nyawns.\n"
)


def make_mesh(scene: dict[str, Any] | None = None, data: bytes = bytes(36)) -> bytes:
    """A binary glTF: a scene and one buffer."""
    told = {"asset": {"version": "2.0"}, "buffers": [{"byteLength": len(data)}]} if scene is None else scene
    text = json.dumps(told).encode()
    text += b" " * (-len(text) % 4)
    parts = (
        struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(data), 0x004E4942) + data
    )
    return struct.pack("<4sII", b"glTF", 2, 12 + len(parts)) + parts


def claim_size(path: Path, size: int) -> Path:
    """Write the beginning of a PNG that says it is ``size`` x ``size``."""
    header = b"IHDR" + struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header) - 4) + header + struct.pack(">I", zlib.crc32(header))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + b"\x00\x00\x00\x00IDAT")
    return path


def read_frames(path: Path) -> list[Image.Image]:
    """Decode a whole video or animation."""
    media: Any
    with av.open(str(path)) as media:
        return [frame.to_image() for frame in media.decode(video=0)]


def _silence(output: Any, stream: Any, seconds: int) -> None:
    layout, size, at = "stereo", stream.codec_context.frame_size or 1024, 0
    sample_format = stream.format.name
    while at < seconds * 48000:
        frame = av.AudioFrame(format=sample_format, layout=layout, samples=size)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = 48000, at, Fraction(1, 48000)
        output.mux(stream.encode(frame))
        at += size
    output.mux(stream.encode(None))
