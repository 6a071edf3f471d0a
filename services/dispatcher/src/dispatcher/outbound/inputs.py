"""Fetching input files that a protocol wants inline, through the gate for addresses chosen by others."""

import asyncio
from base64 import b64decode
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

import httpx
from runtime.egress.client import egress_client
from runtime.egress.download import DownloadLimits, open_download
from runtime.egress.errors import EgressError
from runtime.egress.policy import EgressPolicy

from dispatcher.domain.media import media_type

MAX_BYTES = 20 * 1024 * 1024
AT_ONCE = 8
"""Tasks whose files are in memory at the same time."""


class InputError(Exception):
    """An input can't be had. `permanent`: asking again can't help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class InputFetcher:
    """A part of the worker: one client for all downloads."""

    name = "input-fetcher"

    def __init__(self, allowed_hosts: Iterable[str], seconds: float) -> None:
        self._policy = EgressPolicy.allowing(allowed_hosts)
        self._limits = DownloadLimits(MAX_BYTES, total_seconds=seconds, idle_seconds=seconds)
        self._client: httpx.AsyncClient | None = None
        self.room = asyncio.Semaphore(AT_ONCE)

    async def start(self) -> None:
        """Make the client."""
        self._client = egress_client(self._policy)

    async def stop(self) -> None:
        """Close its connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def unready(self) -> str | None:
        """It has no state of its own."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    async def fetch(self, urls: tuple[str, ...]) -> dict[str, tuple[str, bytes]]:
        """Content type and bytes of every URL, at the same time. Raises InputError."""
        found = await asyncio.gather(*(self._file(url) for url in urls))
        return dict(zip(urls, found, strict=True))

    async def _file(self, url: str) -> tuple[str, bytes]:
        content = _inline(url) if url[:5].lower() == "data:" else await self._download(url)
        content_type = media_type(content)
        if content_type is None:
            raise InputError("not a picture, sound or video file", permanent=True)
        return content_type, content

    async def _download(self, url: str) -> bytes:
        assert self._client is not None
        try:
            async with open_download(self._client, url, self._limits) as download:
                return b"".join([chunk async for chunk in download.chunks()])
        except EgressError as error:
            raise InputError(f"{error.code}: {error}", permanent=error.permanent) from error


def _inline(uri: str) -> bytes:
    """The bytes that a data URI carries."""
    head, _, payload = uri.partition(",")
    try:
        return b64decode(payload, validate=True) if head.endswith(";base64") else unquote_to_bytes(payload)
    except ValueError as error:
        raise InputError("a data URI that is not valid base64", permanent=True) from error
