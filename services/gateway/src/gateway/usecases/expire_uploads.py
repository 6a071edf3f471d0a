"""Remove uploads: those that nothing has used for long, those that came to nothing, the deleted ones."""

import structlog
from runtime.db import Database

from gateway.db import uploads
from gateway.domain.uploads import Upload
from gateway.outbound.objects import ObjectStoreUnreachable
from gateway.outbound.upload_store import UploadStore

log = structlog.get_logger()

_BATCH = 200
_MOST_ROUNDS = 50


class ExpireUploads:
    """Rows go after their objects, so that no object is left without one."""

    def __init__(self, db: Database, store: UploadStore) -> None:
        self._db, self._store = db, store

    async def __call__(self) -> None:
        """Remove what is due. Run it now and then."""
        for _ in range(_MOST_ROUNDS):
            await uploads.expire(self._db.pool, _BATCH)
            if not await self._purge():
                return

    async def delete(self, upload: Upload) -> bool:
        """Delete one; False while an unfinished task needs it. Its link is dead at once."""
        if await uploads.in_use(self._db.pool, upload.account_id, upload.token):
            return False
        await uploads.mark(self._db.pool, upload.id)
        return True

    async def _purge(self) -> bool:
        """Whether there may be more."""
        doomed = await uploads.doomed(self._db.pool, _BATCH)
        for upload_id, bucket, prefix in doomed:
            try:
                await self._store.remove(bucket, prefix)
            except ObjectStoreUnreachable as error:
                log.warning("upload_not_removed", upload_id=str(upload_id), error=str(error))
                return False
            await uploads.drop(self._db.pool, upload_id)
        return len(doomed) == _BATCH
