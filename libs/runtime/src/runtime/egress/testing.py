"""For tests of whatever fetches: a small server that answers exactly the bytes a test wants."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Handler = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawServer:
    """Routes by path, well-formed or not, and the requests that came (path, lower-case headers)."""

    port: int = 0
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    routes: dict[str, Handler] = field(default_factory=dict)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """Return the address of a path on this server."""
        return f"http://{host}:{self.port}{path}"

    def answer(self, path: str, head: str, body: bytes = b"") -> None:
        """Answer a path with a status line (and headers) and a body, then close."""

        async def write(writer: asyncio.StreamWriter) -> None:
            writer.write(f"HTTP/1.1 {head}\r\n".encode() + b"connection: close\r\n\r\n" + body)

        self.routes[path] = write


async def _headers(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in head[1:] if ":" in line)
    return head[0].split(" ")[1], {name.lower(): value.strip() for name, value in pairs}


@asynccontextmanager
async def raw_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Serve on a free port of 127.0.0.1 until the context ends."""
    requests = RawServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            path, headers = await _headers(reader)
            requests.seen.append((path, headers))
            await requests.routes[path](writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    requests.port = server.sockets[0].getsockname()[1]
    try:
        yield requests
    finally:
        server.close()
