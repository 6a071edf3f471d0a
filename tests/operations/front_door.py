"""What stands in front of the gateways: it sends connections to those that say they are ready."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Sequence

import httpx

CHECK_SECONDS = 0.1
NOTICE_SECONDS = 2.0
"""What a gateway must go on serving for: many times `CHECK_SECONDS`, for the machine may be busy."""


class FrontDoor:
    """A load balancer for TCP, with active checks, round-robin, and no second try of what was sent."""

    def __init__(self, backends: Sequence[str]) -> None:
        self._ready = dict.fromkeys(backends, True)
        self._turn = itertools.count()
        self._looked = dict.fromkeys(backends, 0.0)
        self._open: set[asyncio.Task[None]] = set()
        self.sent_to: dict[str, int] = dict.fromkeys(backends, 0)
        self.turned_away = 0

    @property
    def ready(self) -> list[str]:
        """Who gets connections now."""
        return [url for url, ready in self._ready.items() if ready]

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Its address, for as long as the block lasts."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        checks = [asyncio.create_task(self._check(url)) for url in self._ready]
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for task in [*checks, *self._open]:
                task.cancel()
            await asyncio.gather(*checks, *self._open, return_exceptions=True)

    async def _check(self, url: str) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            while True:
                began = time.monotonic()
                try:
                    self._ready[url] = (await http.get(f"{url}/readyz")).status_code == 200
                except httpx.HTTPError:
                    self._ready[url] = False
                self._looked[url] = began
                await asyncio.sleep(CHECK_SECONDS)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._joined(reader, writer)
        finally:
            self._open.discard(task)
            writer.close()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found = await self._way_in()
        if found is None:
            self.turned_away += 1
            return
        inner_reader, inner_writer = found
        try:
            await asyncio.wait(
                [
                    asyncio.create_task(_pump(reader, inner_writer)),
                    asyncio.create_task(_pump(inner_reader, writer)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            inner_writer.close()

    async def _way_in(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to whose turn it is; None if nobody is ready, or is gone without a word."""
        while self.ready:
            url = self.ready[next(self._turn) % len(self.ready)]
            host, port = url.removeprefix("http://").split(":")
            with contextlib.suppress(OSError):
                found = await asyncio.open_connection(host, int(port))
                self.sent_to[url] += 1
                return found
            if time.monotonic() - self._looked[url] < NOTICE_SECONDS / 2:
                return None
            self._ready[url] = False  # it is this door that looked too late: the machine stood still
        return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
