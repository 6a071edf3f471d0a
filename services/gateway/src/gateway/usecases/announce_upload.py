"""Let a client put a file into the object store itself, then check what came."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from contracts.ids import uuid7
from runtime.db import Database

from gateway.db import uploads
from gateway.db.keys import Caller
from gateway.db.uploads import Begun
from gateway.domain import media_files
from gateway.domain.media_files import ENDINGS
from gateway.domain.problem import Problem
from gateway.domain.uploads import Upload
from gateway.outbound.objects import ObjectMissing, Objects
from gateway.outbound.upload_store import UploadStore
from gateway.usecases.keep_upload import Claim, KeepUpload, unstorable

ADDRESS_SECONDS = 3600
_ROW_SECONDS = 2 * ADDRESS_SECONDS


@dataclass(frozen=True, slots=True)
class Address:
    """Where and how a file is to be put: the headers belong to the signature."""

    id: UUID
    url: str
    headers: dict[str, str]


class AnnounceUpload:
    """Direct uploads. What a client put is read, checked and copied to where no client can write."""

    def __init__(self, db: Database, store: UploadStore, objects: Objects, keep: KeepUpload) -> None:
        self._db, self._store, self._objects, self._keep = db, store, objects, keep

    async def __call__(self, caller: Caller, file_name: str, content_type: str, size: int) -> Address:
        """An address for exactly so many bytes. Raises Problem 409, 413, 422."""
        if not self._store.is_public:
            message = "This installation's object store isn't public. Use POST /api/v1/uploads."
            raise Problem(409, "direct_upload_unavailable", message)
        if content_type not in ENDINGS:
            message = f"content_type must be one of: {', '.join(ENDINGS)}"
            raise Problem(422, "unsupported_media_type", message, param="content_type")
        most = self._keep.limits.most_bytes(caller.tier, media_files.kind_of(content_type))
        if size > most:
            message = f"A file of type {content_type} may have {most} bytes."
            raise Problem(413, "file_too_large", message, param="size_bytes")
        begun = self._keep.begun(caller.account_id, uuid7(), secrets.token_urlsafe(24), file_name, size)
        await uploads.begin(self._db.pool, begun, caller.account_id, _ROW_SECONDS, content_type)
        key = _incoming(begun)
        url = await self._store.put_address(key, content_type, size, ADDRESS_SECONDS)
        return Address(begun.id, url, {"Content-Type": content_type, "Content-Length": str(size)})

    async def complete(self, caller: Caller, upload_id: UUID) -> Upload | None:
        """What came, checked like any other upload; the same when it was completed before. None: no such
        upload. Raises Problem: 409 `upload_not_received`, and what KeepUpload says about a file.
        """
        begun = await uploads.announced(self._db.pool, caller.account_id, upload_id)
        if begun is None:
            return await uploads.one(self._db.pool, caller.account_id, upload_id)
        claim = Claim(caller.account_id, caller.tier, begun.file_name)
        with unstorable():
            size = await self._received(begun)
            chunks = await self._objects.read(begun.bucket, _incoming(begun), 0, size - 1)
        upload = await self._keep.resume(begun, claim, chunks)
        if upload is None:
            return await uploads.one(self._db.pool, caller.account_id, upload_id)
        with unstorable():
            await self._store.remove(begun.bucket, _incoming(begun))
        return upload

    async def _received(self, begun: Begun) -> int:
        try:
            size = await self._store.size(_incoming(begun))
        except ObjectMissing:
            message = (
                "Nothing has been put at the upload's address yet. Put the file there, then complete it."
            )
            raise Problem(409, "upload_not_received", message) from None
        if size != begun.size_bytes:
            message = f"{begun.size_bytes} bytes were announced and {size} came. Begin again."
            raise Problem(422, "size_mismatch", message, param="size_bytes")
        return size


def _incoming(begun: Begun) -> str:
    return f"{begun.prefix}incoming"
