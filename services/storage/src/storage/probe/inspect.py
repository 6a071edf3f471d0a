"""Looks into a media file: decodes its beginning, follows it to its end. Runs in a probe worker only."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from PIL import Image, ImageFile

from storage.domain.media import HEAD_BYTES, Container, MediaKind, Probe, sniff
from storage.probe.documents import inspect_mesh, inspect_subtitle, inspect_text
from storage.probe.errors import UnreadableError

_EXIF_ORIENTATION: Final = 0x0112
_AV_MICROSECOND: Final = Fraction(1, 1_000_000)
_CUT_OFF_SECONDS: Final = 1
"""How far before the declared end the last frame may be: longer than a frame lasts at any sane rate."""
_STEPS_BACK: Final = (200_000, 2_000_000)
"""Microseconds before the end where decoding may begin; some formats can't be entered at any place."""
_MAX_IMAGE_FRAMES: Final = 5_000
_PILLOW_NAMES: Final = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF", "avif": "AVIF"}


def inspect(path: Path, max_pixels: int) -> Probe:
    """Look into a file and tell what it is; UnreadableError when it can't be decoded."""
    with path.open("rb") as file:
        container = sniff(file.read(HEAD_BYTES))
    if container is None:
        raise UnreadableError("no known media format")
    try:
        if container.demuxer is not None:
            return _inspect_streams(path, container, max_pixels)
        if "image" in container.types:
            return _inspect_image(path, container, max_pixels)
        return _inspect_document(path, container)
    except MemoryError:  # FFmpeg's own is an FFmpegError too
        raise
    except (av.FFmpegError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnreadableError(f"a {container.name} file that can't be decoded") from error


def open_media(path: Path, demuxer: str) -> Any:
    """Open a file with one demuxer and no protocol but that of files, so that it can't make us fetch."""
    return av.open(f"file:{path}", format=demuxer, options={"protocol_whitelist": "file"})


def video_stream(media: Any) -> Any | None:
    """Return the first video stream that is no cover picture."""
    pictures = av.stream.Disposition.attached_pic | av.stream.Disposition.still_image
    return next((stream for stream in media.streams.video if not stream.disposition & pictures), None)


def limit(stream: Any, max_pixels: int) -> None:
    """Bound what decoding a stream may cost, before its first frame; the pool's processes are the threads."""
    _check_size(stream.width, stream.height, max_pixels)
    stream.codec_context.options = {"max_pixels": str(max_pixels)}
    stream.codec_context.thread_count = 1


def last_frame_of(media: Any, stream: Any) -> Any | None:
    """Decode from the last key frame on and return the last frame; the media's position moves."""
    for place in _places(media):
        with contextlib.suppress(av.FFmpegError):  # a file that can't be entered is decoded from where it is
            media.seek(place, backward=True)
        last = None
        for frame in _frames(media, stream):
            last = frame
        if last is not None:
            return last
    return None


def _inspect_streams(path: Path, container: Container, max_pixels: int) -> Probe:
    assert container.demuxer is not None
    with open_media(path, container.demuxer) as media:
        stream = video_stream(media)
        if stream is not None:
            return _inspect_video(media, stream, container, max_pixels)
        if not media.streams.audio:
            raise UnreadableError(f"a {container.name} file without video or audio")
        return _inspect_audio(media, media.streams.audio[0], container)


def _inspect_video(media: Any, stream: Any, container: Container, max_pixels: int) -> Probe:
    limit(stream, max_pixels)
    first = _first_frame(media, stream)
    width, height = first.width, first.height
    if first.rotation in {90, -90}:
        width, height = height, width
    return _probe(
        container,
        "video",
        stream,
        width=width,
        height=height,
        duration_ms=_milliseconds(_checked_duration(media, stream)),
        has_audio=bool(media.streams.audio),
        frames=stream.frames or None,
    )


def _inspect_audio(media: Any, stream: Any, container: Container) -> Probe:
    _first_frame(media, stream)
    duration = _checked_duration(media, stream)
    return _probe(container, "audio", stream, duration_ms=_milliseconds(duration), has_audio=True)


def _first_frame(media: Any, stream: Any) -> Any:
    first = next(_frames(media, stream), None)
    if first is None:
        raise UnreadableError("not a single frame can be decoded")
    return first


def _checked_duration(media: Any, stream: Any) -> Fraction:
    """Return the declared duration if the stream goes on to its end, or where it ends if none is declared."""
    declared, end = _duration(media, stream), _end(media, stream)
    if declared is not None and end + _CUT_OFF_SECONDS < declared:
        raise UnreadableError("it is cut off before its end")
    return declared or end


def _end(media: Any, stream: Any) -> Fraction:
    """Seconds from a stream's beginning to its end. The last packets are read, not decoded: that costs more
    than all the rest of a probe."""
    for place in _places(media):
        with contextlib.suppress(av.FFmpegError):  # a file that can't be entered is read from where it is
            media.seek(place, backward=True, any_frame=True)
        ends = [_packet_end(packet, stream) for packet in _packets(media, stream) if packet.size]
        if ends:
            return max(ends)
    raise UnreadableError("it has no end")


def _places(media: Any) -> tuple[int, ...]:
    """Where to begin, in microseconds, to see the last packets: the nearest first, the beginning at last."""
    start, duration = media.start_time or 0, media.duration or 0
    return (*(start + max(0, duration - back) for back in _STEPS_BACK), min(0, start))


def _packets(media: Any, stream: Any) -> Iterator[Any]:
    for packet in media.demux(stream):
        if packet.is_corrupt:
            raise UnreadableError("it is damaged or cut off")
        yield packet


def _frames(media: Any, stream: Any) -> Iterator[Any]:
    for packet in _packets(media, stream):
        yield from packet.decode()


def _packet_end(packet: Any, stream: Any) -> Fraction:
    """Seconds from the stream's beginning to a packet's end."""
    at = packet.dts if packet.pts is None else packet.pts
    if at is None:
        return Fraction(0)
    ticks = at - (stream.start_time or 0) + (packet.duration or 0)
    return Fraction(ticks) * Fraction(packet.time_base)


def _duration(media: Any, stream: Any) -> Fraction | None:
    """Seconds that the file declares for a stream, or for the whole."""
    if stream.duration:
        return Fraction(stream.duration) * Fraction(stream.time_base)
    return media.duration * _AV_MICROSECOND if media.duration else None


def _milliseconds(seconds: Fraction) -> int:
    return round(seconds * 1000)


def _probe(container: Container, kind: MediaKind, stream: Any, **found: Any) -> Probe:
    if kind not in container.types:
        raise UnreadableError(f"a {container.name} file with {kind} inside")
    named = container.types[kind]
    codec = stream.codec_context.codec.canonical_name
    return Probe(kind, container.name, named.content_type, named.extension, codec, **found)


def _inspect_document(path: Path, container: Container) -> Probe:
    if "mesh" in container.types:
        return inspect_mesh(path, container)
    return (
        inspect_subtitle(path, container) if "subtitle" in container.types else inspect_text(path, container)
    )


@contextlib.contextmanager
def open_image(path: Path, container: Container, max_pixels: int) -> Iterator[tuple[Image.Image, int]]:
    """Open a still or moving image whose size is bounded, with the number of its frames."""
    # The check of the size comes first, so that Pillow's own, which only warns at first, never decides.
    Image.MAX_IMAGE_PIXELS = None
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with Image.open(path, formats=[_PILLOW_NAMES[container.name]]) as image:
        _check_size(*image.size, max_pixels)
        yield image, _image_frames(image)


def _inspect_image(path: Path, container: Container, max_pixels: int) -> Probe:
    with open_image(path, container, max_pixels) as (image, frames):
        width, height = image.size
        image.load()
        if frames > 1:
            image.seek(frames - 1)
            image.load()
        if image.getexif().get(_EXIF_ORIENTATION, 1) >= 5:
            width, height = height, width
    return _image_probe(container, width, height, frames)


def _image_probe(container: Container, width: int, height: int, frames: int) -> Probe:
    named = container.types["image"]
    return Probe(
        "image",
        container.name,
        named.content_type,
        named.extension,
        codec=container.name,
        width=width,
        height=height,
        frames=frames,
    )


def _image_frames(image: Image.Image) -> int:
    frames = int(getattr(image, "n_frames", 1))
    if frames > _MAX_IMAGE_FRAMES:
        raise UnreadableError(f"an image of {frames} frames")
    return frames


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width <= 0 or height <= 0 or width * height > max_pixels:
        raise UnreadableError(f"a picture of {width} x {height} pixels is not taken")
