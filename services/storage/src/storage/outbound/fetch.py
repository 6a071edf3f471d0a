"""Opening a result at the provider: its first bytes to judge, then the whole in parts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from runtime.egress.download import DownloadLimits, open_download

from storage.domain.media import HEAD_BYTES
from storage.outbound.objects import PART_BYTES


@dataclass(frozen=True, slots=True)
class Source:
    """Where a result is, and the headers to ask with; these never reach another origin."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """A result that lies in our own bucket: the provider's answer carried its bytes."""

    reference: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A result whose first part has come. ``parts`` yields all of it, the first part included."""

    head: bytes
    parts: AsyncIterator[bytearray]


@asynccontextmanager
async def open_source(
    client: httpx.AsyncClient, source: Source, limits: DownloadLimits
) -> AsyncIterator[Arrival]:
    """GET a result through the SSRF gate; EgressError says why it can't be had."""
    async with open_download(client, source.url, limits, source.headers) as download:
        yield await arrival(download.chunks())


async def arrival(chunks: AsyncIterator[bytes]) -> Arrival:
    """Wait for the first part of a stream."""
    parts = in_parts(chunks)
    first = await anext(parts, bytearray())
    return Arrival(bytes(first[:HEAD_BYTES]), _with_first(first, parts))


async def in_parts(chunks: AsyncIterator[bytes], size: int = PART_BYTES) -> AsyncIterator[bytearray]:
    """Regroup a stream into parts of exactly ``size`` bytes, the last one shorter; none for an empty one."""
    part = bytearray()
    async for chunk in chunks:
        view = memoryview(chunk)
        while len(part) + len(view) >= size:
            taken = size - len(part)
            part += view[:taken]
            view = view[taken:]
            yield part
            part = bytearray()
        part += view
    if part:
        yield part


async def _with_first(first: bytearray, rest: AsyncIterator[bytearray]) -> AsyncIterator[bytearray]:
    if first:
        yield first
    async for part in rest:
        yield part
