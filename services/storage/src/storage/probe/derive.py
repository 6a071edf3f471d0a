"""Makes files out of a result: GIF, last frame, watermark. Runs in a probe worker only."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import av.filter
from PIL import Image

from storage.domain.media import HEAD_BYTES, Container, sniff
from storage.probe.errors import UnreadableError
from storage.probe.inspect import last_frame_of, limit, open_media, video_stream
from storage.probe.mark import draw_mark, mark_image

GIF_SIDE: Final = 480
GIF_RATE: Final = 10
GIF_SECONDS: Final = 30
_COLOURS: Final = ("color_primaries", "color_trc", "colorspace", "color_range")


def make_gif(source: Path, target: Path, max_pixels: int) -> None:
    """Write an animated GIF: longest side 480, 10 frames a second, at most the first 30 seconds."""
    with (
        _open_video(source, max_pixels) as (media, stream),
        av.open(str(target), "w", format="gif") as output,
    ):
        clip = _gif_filter(stream)
        for frame in media.decode(stream):
            if frame.time is not None and frame.time > GIF_SECONDS:
                break
            clip.push(frame)
        clip.push(None)
        made = None
        for frame in clip.pulled():
            made = made or _gif_stream(output, frame)
            output.mux(made.encode(frame))
        if made is None:
            raise UnreadableError("not a single frame can be decoded")
        output.mux(made.encode(None))


def save_last_frame(source: Path, target: Path, max_pixels: int) -> None:
    """Write the last frame as PNG."""
    with _open_video(source, max_pixels) as (media, stream):
        frame = last_frame_of(media, stream)
        if frame is None:
            raise UnreadableError("not a single frame can be decoded")
        frame.to_image().save(target, format="PNG")


def add_watermark(source: Path, target: Path, max_pixels: int) -> None:
    """Write the image or video with a small mark in the lower right corner."""
    container = _container(source)
    if container is not None and "image" in container.types:
        mark_image(source, target, container, max_pixels)
    else:
        _mark_video(source, target, max_pixels)


def _mark_video(source: Path, target: Path, max_pixels: int) -> None:
    """Write an MP4; the sound is copied as it is."""
    with (
        _open_video(source, max_pixels) as (media, stream),
        av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as output,
    ):
        video = _video_stream_like(output, stream)
        sounds = {sound.index: output.add_stream_from_template(sound) for sound in media.streams.audio[:1]}
        marked = _mark_filter(stream)
        for packet in media.demux(stream, *media.streams.audio[:1]):
            if packet.stream.index in sounds:
                _copy(output, packet, sounds[packet.stream.index])
                continue
            for frame in packet.decode():
                marked.push(frame)
                _encode(output, video, marked)
        marked.push(None)
        _encode(output, video, marked)
        output.mux(video.encode(None))


def _container(source: Path) -> Container | None:
    with source.open("rb") as file:
        return sniff(file.read(HEAD_BYTES))


@contextmanager
def _open_video(source: Path, max_pixels: int) -> Iterator[tuple[Any, Any]]:
    container = _container(source)
    if container is None or container.demuxer is None:
        raise UnreadableError("no video")
    with open_media(source, container.demuxer) as media:
        stream = video_stream(media)
        if stream is None:
            raise UnreadableError("no video")
        limit(stream, max_pixels)
        yield media, stream


class _Filter:
    """One input and one output of a filter graph. It holds the graph: PyAV's nodes crash without it."""

    def __init__(self, graph: Any, feed: Any, sink: Any) -> None:
        graph.configure()
        self._graph = graph
        self._sink = sink
        self.push = feed.push

    def pulled(self) -> Iterator[Any]:
        """Yield the frames that are ready."""
        while True:
            try:
                yield self._sink.pull()
            except (av.BlockingIOError, av.EOFError):
                return


def _gif_filter(stream: Any) -> _Filter:
    """Build a filter that makes one palette for the whole clip and maps every frame to it."""
    graph = av.filter.Graph()
    feed = graph.add_buffer(template=stream)
    rate = graph.add("fps", str(GIF_RATE))
    wide, tall = f"if(gte(iw,ih),min({GIF_SIDE},iw),-2)", f"if(gte(iw,ih),-2,min({GIF_SIDE},ih))"
    scale = graph.add("scale", f"w='{wide}':h='{tall}':flags=lanczos")
    split, palette = graph.add("split"), graph.add("palettegen", "stats_mode=diff")
    use, sink = graph.add("paletteuse", "dither=bayer:bayer_scale=4"), graph.add("buffersink")
    graph.link_nodes(feed, rate, scale, split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    return _Filter(graph, feed, sink)


def _gif_stream(output: Any, frame: Any) -> Any:
    stream = output.add_stream("gif", rate=GIF_RATE)
    stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, frame.format.name
    return stream


def _mark_filter(stream: Any) -> _Filter:
    """Build a filter that lays the mark over every frame and gives even sizes, as H.264 wants them."""
    mark = _mark_picture(stream.height)
    graph = av.filter.Graph()
    feed = graph.add_buffer(template=stream)
    picture = graph.add_buffer(
        width=mark.width, height=mark.height, format=mark.format, time_base=Fraction(stream.time_base)
    )
    overlay = graph.add("overlay", "x=W-w-h/2:y=H-h-h/2:eof_action=repeat")
    even, colours = graph.add("scale", "w='trunc(iw/2)*2':h='trunc(ih/2)*2'"), graph.add("format", "yuv420p")
    sink = graph.add("buffersink")
    feed.link_to(overlay, 0, 0)
    picture.link_to(overlay, 0, 1)
    graph.link_nodes(overlay, even, colours, sink)
    made = _Filter(graph, feed, sink)
    picture.push(mark)
    picture.push(None)
    return made


def _mark_picture(video_height: int) -> Any:
    """Return the mark as a frame."""
    picture = draw_mark(video_height)
    frame = av.VideoFrame(picture.width, picture.height, "rgba")
    _fill(frame.planes[0], picture)
    frame.pts, frame.time_base = 0, Fraction(1, 1000)
    return frame


def _fill(plane: Any, picture: Image.Image) -> None:
    """Copy pixels row by row: a plane's rows are padded."""
    rows, width = picture.tobytes(), picture.width * 4
    padding = bytes(plane.line_size - width)
    plane.update(b"".join(rows[at : at + width] + padding for at in range(0, len(rows), width)))


def _video_stream_like(output: Any, stream: Any) -> Any:
    made = output.add_stream("libx264", rate=stream.average_rate or 24)
    made.width, made.height, made.pix_fmt = stream.width // 2 * 2, stream.height // 2 * 2, "yuv420p"
    made.codec_context.time_base = Fraction(stream.time_base)
    made.codec_context.thread_count = 2
    made.options = {"crf": "18", "preset": "veryfast"}
    for name in _COLOURS:
        setattr(made.codec_context, name, getattr(stream.codec_context, name))
    return made


def _encode(output: Any, stream: Any, frames: _Filter) -> None:
    for frame in frames.pulled():
        frame.pict_type = 0  # the encoder chooses its own key frames
        output.mux(stream.encode(frame))


def _copy(output: Any, packet: Any, stream: Any) -> None:
    if packet.dts is None:
        return  # the demuxer's end marker
    packet.stream = stream
    output.mux(packet)
