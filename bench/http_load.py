"""A lean HTTP/1.1 load generator: prebuilt requests on keep-alive connections, a few microseconds each.

It shares two cores with what it measures, so it parses only the status and the length of an answer.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Load:
    """What was seen: seconds per answer, and answers by status."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    def rate(self, status: int) -> float:
        """Answers of a status per second."""
        return self.statuses[status] / self.seconds

    def percentile(self, share: float) -> float:
        """The latency in seconds that `share` of the answers stay below."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def post(url: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A whole request as bytes."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def get(url: str, path: str, headers: dict[str, str]) -> bytes:
    """A whole request as bytes."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.buffer = bytearray()
        self.waiter: asyncio.Future[tuple[int, bytes]] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP gives a Transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.buffer[:end]).lower()
        start = head.find(b"content-length:")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(self.buffer) >= end + 4 + length and self.waiter is not None:
            body = bytes(self.buffer[end + 4 : end + 4 + length])
            del self.buffer[: end + 4 + length]
            waiter, self.waiter = self.waiter, None
            waiter.set_result((int(head[9:12]), body))

    def connection_lost(self, error: Exception | None) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_exception(error or ConnectionResetError("closed"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        assert self.transport is not None
        self.waiter = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.waiter


async def run(
    url: str,
    make: Callable[[], bytes],
    *,
    connections: int,
    seconds: float,
    rate: float | None = None,
    on_answer: Callable[[int, bytes], None] | None = None,
) -> Load:
    """Ask for `seconds` over `connections`; at a fixed `rate` per second if given, else as fast as answered.

    At a fixed rate latency counts from when a request was due, so a stall is not hidden by waiting callers.
    """
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    load, begin = Load(), time.perf_counter()
    step = connections / rate if rate else 0.0

    async def one(index: int) -> None:
        _, connection = await loop.create_connection(_Connection, parts.hostname or "", parts.port or 80)
        due = begin + step * index / connections
        while (now := time.perf_counter()) < begin + seconds:
            if rate:
                if due > now:
                    await asyncio.sleep(due - now)
                started, due = due, due + step
            else:
                started = now
            status, body = await connection.ask(make())
            load.latencies.append(time.perf_counter() - started)
            load.statuses[status] += 1
            if on_answer is not None:
                on_answer(status, body)
        assert connection.transport is not None
        connection.transport.close()

    await asyncio.gather(*(one(index) for index in range(connections)))
    load.seconds = time.perf_counter() - begin
    return load
