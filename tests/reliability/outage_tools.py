"""Connections that can be lost, refused or spoiled on order, between a service and what it depends on."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

COMMIT, COMMITTED = b"COMMIT;\x00", b"COMMIT\x00"
"""What asyncpg sends to commit, and the tag in which Postgres says that it did."""
REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


@dataclass
class Way:
    """A way to a server through which everything goes. It does no harm until it is told to."""

    host: str
    port: int
    own_port: int = 0
    cut_next: Literal["before", "after"] | None = None
    """Lose the connection with the next commit: before Postgres sees it, or after it was done."""
    refusing: bool = False
    """Answer every request with 503 in the server's place."""
    spoil: Callable[[bytes], bytes] | None = None
    """What becomes of the bytes on their way to the server."""
    cuts: int = 0
    passed: list[tuple[float, str]] = field(default_factory=list)
    """When each request over HTTP went on to the server, and its method."""
    refused_at: list[float] = field(default_factory=list)

    def instead_of(self, address: str) -> str:
        """The address with this way in place of the server's host and port."""
        parts = urlsplit(address)
        login, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{login}{at}127.0.0.1:{self.own_port}").geturl()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if self.refusing:
                await reader.readuntil(b"\r\n\r\n")
                self.refused_at.append(time.monotonic())
                writer.write(REFUSAL)
                await writer.drain()
            else:
                await self._pass_on(reader, writer)
        writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(self.host, self.port)
        lost = asyncio.Event()
        ways = [
            asyncio.create_task(self._to_server(reader, there[1], lost)),
            asyncio.create_task(self._to_client(there[0], writer, lost)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            there[1].close()

    async def _to_server(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            if self.cut_next and COMMIT in data:
                cut, self.cut_next = self.cut_next, None
                self.cuts += 1
                if cut == "before":
                    return
                lost.set()
            if (method := data.partition(b" ")[0]) in {b"GET", b"POST", b"DELETE"}:
                self.passed.append((time.monotonic(), method.decode()))
            writer.write(self.spoil(data) if self.spoil else data)
            await writer.drain()

    async def _to_client(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            if lost.is_set() and COMMITTED in data:
                return
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def way_to(address: str) -> AsyncIterator[Way]:
    """A way to the server of an address (`postgresql://…`, `http://…`)."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    way = Way(parts.hostname, parts.port or 5432)
    server = await asyncio.start_server(way.serve, "127.0.0.1", 0, limit=1 << 20)
    way.own_port = server.sockets[0].getsockname()[1]
    try:
        yield way
    finally:
        server.close()
