"""Keep a file that a customer sends: looked at while it comes, there only when all is well."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog
from contracts.ids import uuid7
from runtime.db import Database

from gateway import metrics
from gateway.db import uploads
from gateway.db.uploads import Begun, Found
from gateway.domain import media_files
from gateway.domain.media_files import ENDINGS, KINDS, MediaKind, UnreadableError
from gateway.domain.problem import Problem, overloaded
from gateway.domain.uploads import Upload, UploadLimits, safe_name
from gateway.outbound.objects import ObjectStoreUnreachable
from gateway.outbound.storage import Look, Storage, StorageAway, UnreadableFile
from gateway.outbound.upload_store import PART_BYTES, UploadStore

log = structlog.get_logger()

_PENDING_SECONDS = 7200
_TAIL_BYTES = 16
_MOST_SIDE = 16_384


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said about a file before its bytes are known: whose it is, its name, what it may be.

    `param` is the field of the request that a fault is about.
    """

    account_id: UUID
    tier: str
    file_name: str | None = None
    kinds: frozenset[MediaKind] = KINDS
    param: str = "file"
    seconds: float = 0
    """How long it stays at least."""
    looked_into: bool = True
    """Whether storage is asked how long a sound or video is. Never on a task's path."""
    most_bytes: int | None = None
    """A limit of its own, for what we made ourselves."""


class KeepUpload:
    """Takes files in. `unused_seconds`: how long a file stays that no task uses; `seconds`: how long one may
    take to come; `at_once`: how many may come at the same time.
    """

    def __init__(
        self,
        db: Database,
        store: UploadStore,
        limits: UploadLimits,
        storage: Storage,
        *,
        unused_seconds: float,
        seconds: float,
        at_once: int,
    ) -> None:
        self._db, self._store, self.limits, self._storage = db, store, limits, storage
        self._unused, self._seconds = unused_seconds, seconds
        self._free = at_once

    async def __call__(self, claim: Claim, chunks: AsyncIterator[bytes]) -> Upload:
        """Keep what comes. Raises Problem: 413 `file_too_large`, 422 `unsupported_media_type`,
        `wrong_media_kind`, `invalid_media`, `image_too_large`, `empty_file`, 408 `upload_too_slow`, 503.
        """
        begun = self.begun(claim.account_id, uuid7(), secrets.token_urlsafe(24))
        await uploads.begin(self._db.pool, begun, claim.account_id, _PENDING_SECONDS)
        upload = await self.resume(begun, claim, chunks)
        if upload is None:
            raise Problem(404, "upload_not_found", "The upload was deleted meanwhile.", param=claim.param)
        return upload

    def begun(
        self, account_id: UUID, upload_id: UUID, token: str, file_name: str = "", size: int | None = None
    ) -> Begun:
        """An upload that may come, with its place in the object store."""
        prefix = f"uploads/{account_id}/{upload_id}/"
        return Begun(upload_id, token, self._store.bucket, prefix, file_name, size)

    async def resume(self, begun: Begun, claim: Claim, chunks: AsyncIterator[bytes]) -> Upload | None:
        """Keep what comes for an upload that was begun; None if somebody else did, or it was deleted
        meanwhile. After a Problem it is gone.
        """
        try:
            found = await self._take(begun, claim, chunks)
        except BaseException as error:
            metrics.UPLOADS.labels(error.code if isinstance(error, Problem) else "broken_off").inc()
            if not (isinstance(error, Problem) and error.status == 503):
                await asyncio.shield(self._forget(begun.id))
            raise
        upload = await uploads.finish(self._db.pool, begun.id, found, max(self._unused, claim.seconds))
        if upload is None:
            with unstorable():
                await self._store.remove(begun.bucket, found.object_key)
        metrics.UPLOADS.labels("kept" if upload else "deleted_meanwhile").inc()
        metrics.UPLOADED.labels(found.kind).inc(found.size_bytes if upload else 0)
        return upload

    async def _take(self, begun: Begun, claim: Claim, chunks: AsyncIterator[bytes]) -> Found:
        if not self._free:
            raise overloaded()
        self._free -= 1
        try:
            with unstorable():
                async with asyncio.timeout(self._seconds):
                    return await self._write(begun, claim, chunks)
        except TimeoutError:
            raise Problem(
                408, "upload_too_slow", "The file took too long to arrive. Send it again."
            ) from None
        finally:
            self._free += 1

    async def _write(self, begun: Begun, claim: Claim, chunks: AsyncIterator[bytes]) -> Found:
        parts = _parts(chunks)
        head = await anext(parts, b"")
        content_type = _content_type(head, claim)
        kind = media_files.kind_of(content_type)
        size = _picture(content_type, head, claim, self.limits.pixels) if kind == "image" else None
        most = claim.most_bytes or self.limits.most_bytes(claim.tier, kind)
        passing = _Passing(parts, head, most, claim.param)
        key = f"{begun.prefix}{secrets.token_hex(8)}"
        await self._store.write(key, content_type, passing.checked(content_type))
        look = await self._look(key, kind, claim)
        return Found(
            object_key=key,
            file_name=safe_name(claim.file_name, content_type),
            kind=kind,
            content_type=content_type,
            size_bytes=passing.size,
            sha256=passing.digest.hexdigest(),
            width=size.width if size else look.width,
            height=size.height if size else look.height,
            duration_ms=look.duration_ms,
        )

    async def _look(self, key: str, kind: MediaKind, claim: Claim) -> Look:
        """What storage finds in a sound or a video. Raises Problem 422, 503."""
        if kind == "image" or not claim.looked_into or not self._storage.known:
            return Look(kind, None, None, None)
        try:
            look = await self._storage.look(key)
        except UnreadableFile as error:
            raise _invalid(claim.param, f"The file can't be played: {error}.") from None
        except StorageAway as error:
            log.warning("upload_not_looked_into", error=str(error))
            raise _unstorable() from None
        if look.kind != kind:
            raise _invalid(claim.param, f"The file's type is for {kind}, but it holds only {look.kind}.")
        return look

    async def _forget(self, upload_id: UUID) -> None:
        """Have what may have been written removed; `expire_uploads` sees to it."""
        try:
            await uploads.mark(self._db.pool, upload_id)
        except Exception as error:  # the row's own time will be over
            log.warning("upload_not_forgotten", upload_id=str(upload_id), error=type(error).__name__)


class _Passing:
    """Bytes on their way: counted, hashed, and checked once more when the last has come."""

    def __init__(self, parts: AsyncIterator[bytes], head: bytes, most: int, param: str) -> None:
        self._parts, self._head, self._most, self._param = parts, head, most, param
        self.size, self.digest = 0, hashlib.sha256()

    async def checked(self, content_type: str) -> AsyncIterator[bytes]:
        """The parts, until one is too much. Raises Problem."""
        part: bytes | None = self._head
        tail = b""
        while part is not None:
            self.size += len(part)
            if self.size > self._most:
                message = f"A file of type {content_type} may have {self._most} bytes."
                raise Problem(413, "file_too_large", message, param=self._param)
            await asyncio.to_thread(self.digest.update, part)
            tail = (tail + part[-_TAIL_BYTES:])[-_TAIL_BYTES:]
            following = await anext(self._parts, None)
            if following is None and not media_files.ends_well(content_type, self._head, tail, self.size):
                raise _invalid(self._param, "The file is cut off, or another one follows it.")
            yield part
            part = following


async def _parts(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in parts of PART_BYTES; the last may be smaller."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        while len(held) >= PART_BYTES:
            yield bytes(held[:PART_BYTES])
            del held[:PART_BYTES]
    if held:
        yield bytes(held)


def _content_type(head: bytes, claim: Claim) -> str:
    if not head:
        raise Problem(422, "empty_file", "The file has no bytes.", param=claim.param)
    found = media_files.content_type(head)
    if found is None:
        taken = ", ".join(each for each in ENDINGS if media_files.kind_of(each) in claim.kinds)
        message = f"The file's own bytes are of no type that is taken: {taken}."
        raise Problem(422, "unsupported_media_type", message, param=claim.param)
    if media_files.kind_of(found) not in claim.kinds:
        wanted = " or ".join(sorted(claim.kinds))
        raise Problem(422, "wrong_media_kind", f"The file is {found}; {wanted} is needed.", param=claim.param)
    return found


def _picture(content_type: str, head: bytes, claim: Claim, most_pixels: int) -> media_files.Size:
    try:
        size = media_files.picture_size(content_type, head)
    except UnreadableError as error:
        raise _invalid(claim.param, f"The picture can't be read: {error}.") from None
    if size.pixels > most_pixels or max(size.width, size.height) > _MOST_SIDE:
        message = (
            f"The picture has {size.width} x {size.height} pixels; it may have {most_pixels}, "
            f"and {_MOST_SIDE} on a side."
        )
        raise Problem(422, "image_too_large", message, param=claim.param)
    return size


def _invalid(param: str, message: str) -> Problem:
    return Problem(422, "invalid_media", message, param=param)


@contextmanager
def unstorable() -> Iterator[None]:
    """Say it as a Problem when the object store is away."""
    try:
        yield
    except ObjectStoreUnreachable as error:
        log.warning("object_store_unreachable", error=str(error))
        raise _unstorable() from None


def _unstorable() -> Problem:
    message = "The file can't be stored right now. Try again."
    return Problem(503, "storage_unavailable", message, headers={"Retry-After": "2"})


async def whole(content: bytes) -> AsyncIterator[bytes]:
    """Bytes that are in memory already, as a stream."""
    yield content
