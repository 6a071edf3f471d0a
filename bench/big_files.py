"""A provider's file server of few bytes: videos of any size, made as they are sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import av

CHUNK = bytes(1 << 18)


def small_video() -> bytes:
    """A second of black, 160 x 90."""
    out = BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        frames: Any = av.VideoFrame
        for _ in range(12):
            container.mux(stream.encode(frames(160, 90, "yuv420p")))
        container.mux(stream.encode(None))
    return out.getvalue()


def padding_head(size: int) -> bytes:
    """The head of an MP4 box of that many bytes that players skip."""
    return (1).to_bytes(4, "big") + b"free" + size.to_bytes(8, "big")


@asynccontextmanager
async def big_files(size: int) -> AsyncIterator[str]:
    """Serve, under any path, a playable video of that many bytes; the address as `host:port`."""
    video = small_video()
    head, padding = video + padding_head(size - len(video)), size - len(video) - 16

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % size + head
        )
        left = padding
        while left > 0:
            writer.write(CHUNK[:left])
            left -= len(CHUNK)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"
