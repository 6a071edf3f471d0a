"""Many open event streams at once, at little cost to the machine they share with what they measure."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import orjson

from bench import http_load

_DATA = b"\ndata: "


class _Stream(asyncio.Protocol):
    def __init__(self, streams: "Streams") -> None:
        self._streams, self._buffer = streams, bytearray()

    def data_received(self, data: bytes) -> None:
        now = time.time()
        self._buffer += data
        *whole, rest = bytes(self._buffer).split(b"\n\n")
        self._buffer = bytearray(rest)
        for event in whole:
            if (begin := event.find(_DATA)) >= 0:
                self._streams.note(event[begin + len(_DATA) :].split(b"\n", 1)[0], now)
            elif b"retry:" in event:
                self._streams.opened += 1

    def connection_lost(self, _: Exception | None) -> None:
        self._streams.lost += 1


class Streams:
    """The streams of some tasks: how many are open, and how late each event came."""

    def __init__(self) -> None:
        self.opened = self.lost = 0
        self.delays: list[float] = []
        """Seconds from when an event was said to when it was here."""
        self._transports: list[asyncio.BaseTransport] = []

    async def open(self, url: str, wanted: Sequence[tuple[str, str]], after: int) -> None:
        """Open a stream for each (path, key), past an event; returns when all have begun."""
        loop, parts = asyncio.get_running_loop(), urlsplit(url)
        for path, key in wanted:
            transport, _ = await loop.create_connection(
                lambda: _Stream(self), parts.hostname or "", parts.port or 80
            )
            headers = {
                "Authorization": f"Bearer {key}",
                "Accept": "text/event-stream",
                "Last-Event-ID": str(after),
            }
            transport.write(http_load.get(url, path, headers))
            self._transports.append(transport)
        async with asyncio.timeout(60):
            while self.opened < len(wanted):
                await asyncio.sleep(0.05)

    def note(self, data: bytes, now: float) -> None:
        """An event came."""
        self.delays.append(now - datetime.fromisoformat(orjson.loads(data)["at"]).timestamp())

    def close(self) -> None:
        """End them all."""
        for transport in self._transports:
            transport.close()
