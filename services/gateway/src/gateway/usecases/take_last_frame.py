"""Make a picture of a video's last frame, for another video to begin with."""

from dataclasses import dataclass

import structlog
from runtime.db import Database

from gateway.db import links
from gateway.db.keys import Caller
from gateway.domain.media_files import MediaKind
from gateway.domain.problem import Problem
from gateway.domain.uploads import Upload
from gateway.outbound.storage import Storage, StorageAway, UnreadableFile
from gateway.usecases.keep_upload import Claim, KeepUpload, whole

log = structlog.get_logger()

MOST_BYTES = 100_000_000
"""Of a frame as PNG: none that may be decoded is larger."""


_IMAGES: frozenset[MediaKind] = frozenset({"image"})


@dataclass(frozen=True, slots=True)
class TakeLastFrame:
    """Storage decodes the video; the picture is an upload like one that the customer brought."""

    db: Database
    storage: Storage
    keep: KeepUpload

    async def __call__(self, caller: Caller, token: str, param: str) -> Upload:
        """The last frame of the video behind a link's token; the video is the caller's. Raises Problem 404
        `file_not_found`, 422 `invalid_media`, 503 `storage_unavailable`, and like KeepUpload.
        """
        link = await links.find(self.db.pool, token)
        if link is None:
            raise Problem(404, "file_not_found", "The video's link was revoked.", param=param)
        try:
            frame = await self.storage.last_frame(link.object_key)
        except UnreadableFile as error:
            message = f"No frame of the video can be read: {error}."
            raise Problem(422, "invalid_media", message, param=param) from None
        except StorageAway as error:
            log.warning("last_frame_not_made", error=str(error))
            message = "The video's last frame can't be had right now. Try again."
            raise Problem(503, "storage_unavailable", message, headers={"Retry-After": "5"}) from None
        claim = Claim(caller.account_id, caller.tier, "last-frame.png", _IMAGES, param, most_bytes=MOST_BYTES)
        return await self.keep(claim, whole(frame))
