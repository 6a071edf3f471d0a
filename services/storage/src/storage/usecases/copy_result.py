"""Copies one result of a provider into object storage: fetched once, hashed, probed, then made to appear."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from runtime import failpoints
from runtime.egress.download import DownloadLimits
from runtime.egress.errors import EgressError
from runtime.objects.errors import ObjectStoreError

from storage.domain import inbox
from storage.domain.copy import Expected, Fault, admit, judge, object_key
from storage.domain.media import FileType, Probe
from storage.domain.plan import Derivation
from storage.outbound.clients import Clients
from storage.outbound.fetch import Arrival, Kept, Source, arrival, open_source
from storage.outbound.objects import ObjectStore
from storage.outbound.spool import Digest, Spool, file_parts, open_spool, temporary_path
from storage.probe.pool import ProbeError, ProbePool


class CopyError(Exception):
    """A result could not be copied this time; ``fault`` says why and whether it ever can be."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class CopyTools:
    """What a copy works with; all of it lives as long as the process."""

    clients: Clients
    store: ObjectStore
    pool: ProbePool
    spool_directory: Path
    limits: DownloadLimits


@dataclass(frozen=True, slots=True)
class CopyOrder:
    """One result to copy, and what to make of it.

    ``claim`` is the work table's number of this try. ``derived`` gives each derived file the index under
    which it is stored; ``watermark`` replaces the result itself.
    """

    task: str
    attempt: int
    index: int
    claim: int
    source: Source | Kept
    expected: Expected
    watermark: bool = False
    derived: Mapping[Derivation, int] = field(default_factory=dict)

    def key(self, index: int, extension: str) -> str:
        """Name the object of an index in this try."""
        return object_key(self.task, self.attempt, index, self.claim, extension)


@dataclass(frozen=True, slots=True)
class Copied:
    """One object that is in storage now."""

    index: int
    role: str | None
    key: str
    size_bytes: int
    sha256: str
    probe: Probe


async def copy_result(tools: CopyTools, order: CopyOrder) -> list[Copied]:
    """Store a result and its derived files; all of them or CopyError. A repeat overwrites its own keys."""
    copied: list[Copied] = []
    try:
        with _copy_errors(), open_spool(tools.spool_directory) as spool:
            copied.append(await (_store_marked if order.watermark else _store_streamed)(tools, order, spool))
            for what in order.derived:
                copied.append(await _store_derived(tools, order, spool, what))
    except CopyError:
        for each in copied:
            await tools.store.discard(each.key)
        raise
    return copied


@contextmanager
def _copy_errors() -> Iterator[None]:
    try:
        yield
    except EgressError as error:
        raise CopyError(Fault(error.code, str(error), error.permanent)) from error
    except ObjectStoreError as error:
        raise CopyError(Fault("object_store_failed", str(error), permanent=False)) from error
    except ProbeError as error:
        raise CopyError(Fault(error.code, str(error), error.permanent)) from error
    except OSError as error:
        raise CopyError(
            Fault("spool_failed", "no room or no right to keep the file", permanent=False)
        ) from error


async def _store_streamed(tools: CopyTools, order: CopyOrder, spool: Spool) -> Copied:
    """Send each part on as it comes; the object appears only when the whole was probed."""
    async with _opened(tools, order) as (arrived, named):
        key = order.key(order.index, named.extension)
        async with tools.store.upload(key, named.content_type) as upload:
            async for part in arrived.parts:
                await spool.append(part)
                await upload.part(part)
            probe = await _judged(tools, spool.content, order.expected)
            await failpoints.reach("storage.judged")
            await upload.complete()
    return Copied(order.index, order.expected.role, key, spool.size_bytes, spool.sha256, probe)


async def _store_marked(tools: CopyTools, order: CopyOrder, spool: Spool) -> Copied:
    """Keep the result on disk only, and store it with a mark: the unmarked one never becomes an object."""
    async with _opened(tools, order) as (arrived, _):
        async for part in arrived.parts:
            await spool.append(part)
    await _judged(tools, spool.content, order.expected)
    with temporary_path(tools.spool_directory) as marked:
        await tools.pool.derive("watermark", spool.path, marked)
        copied = await _store_file(tools, order, order.index, marked, order.expected)
        marked.replace(spool.path)  # derived files are made from what the customer sees
    return copied


async def _store_derived(tools: CopyTools, order: CopyOrder, spool: Spool, what: Derivation) -> Copied:
    with temporary_path(tools.spool_directory) as made:
        await tools.pool.derive(what, spool.path, made)
        return await _store_file(tools, order, order.derived[what], made, Expected("image", what))


async def _store_file(
    tools: CopyTools, order: CopyOrder, index: int, path: Path, expected: Expected
) -> Copied:
    """Store a file of our own making, probed like any other."""
    probe = await _judged(tools, path, expected)
    key = order.key(index, probe.extension)
    digest = Digest()
    async with tools.store.upload(key, probe.content_type) as upload:
        async for part in file_parts(path):
            await digest.add(part)
            await upload.part(part)
        await upload.complete()
    return Copied(index, expected.role, key, digest.size_bytes, digest.sha256, probe)


@asynccontextmanager
async def _opened(tools: CopyTools, order: CopyOrder) -> AsyncIterator[tuple[Arrival, FileType]]:
    """Begin the download and say what it will be stored as; a file of the wrong kind ends here."""
    source = order.source
    opened = _fetched(tools, source) if isinstance(source, Source) else _kept(tools, source)
    async with opened as arrived:
        named = admit(arrived.head, order.expected)
        if isinstance(named, Fault):
            raise CopyError(named)
        yield arrived, named


@asynccontextmanager
async def _fetched(tools: CopyTools, source: Source) -> AsyncIterator[Arrival]:
    with tools.clients.lend() as client:
        async with open_source(client, source, tools.limits) as arrived:
            yield arrived


@asynccontextmanager
async def _kept(tools: CopyTools, source: Kept) -> AsyncIterator[Arrival]:
    """Read what the dispatcher has put into our bucket. Only its inbox: a reference may be forged."""
    key = inbox.key_of(source.reference, tools.store.bucket)
    if key is None:
        raise CopyError(Fault("foreign_object", "the result lies outside storage's inbox", permanent=True))
    try:
        async with tools.store.read(key) as found:
            if found.total_bytes > tools.limits.max_bytes:
                raise CopyError(Fault("too_large", f"{found.total_bytes} bytes are too many", permanent=True))
            yield await arrival(found.chunks)
    except ObjectStoreError as error:
        if error.code not in {"NoSuchKey", "404"}:
            raise
        raise CopyError(
            Fault("result_lost", "the result is no longer in the inbox", permanent=True)
        ) from error


async def _judged(tools: CopyTools, file: Path | bytes, expected: Expected) -> Probe:
    probe = await tools.pool.probe(file)
    fault = judge(probe, expected)
    if fault is not None:
        raise CopyError(fault)
    return probe
