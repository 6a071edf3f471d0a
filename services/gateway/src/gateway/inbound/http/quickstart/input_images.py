"""`POST /api/upload-image`, `GET /api/input-image/{filename}`: images that jobs begin with."""

from dataclasses import dataclass
from typing import Any

from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import links, uploads
from gateway.domain.media_files import MediaKind
from gateway.domain.problem import Problem
from gateway.domain.uploads import Upload, upload_from_text
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.file_links import Addresses, FileLinks
from gateway.inbound.http.files import Files
from gateway.inbound.http.multipart import one_file
from gateway.inbound.http.openapi import quickstart_history as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.quickstart.documents import json_response
from gateway.inbound.http.v1.uploads import refuse_length
from gateway.usecases.keep_upload import Claim, KeepUpload

_FIELDS = ("image", "file")
_IMAGES: frozenset[MediaKind] = frozenset({"image"})
_FORM_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class InputImages:
    """The routes. An image that no job uses goes after a while."""

    admit: Admit
    db: Database
    keep: KeepUpload
    files: Files
    links: FileLinks

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("POST", "/api/upload-image", self.upload, described.upload_image()),
            Operation("GET", "/api/input-image/{filename}", self.image, described.input_image()),
        ]

    async def upload(self, request: Request) -> Response:
        """Its name, which `input_image` and `end_image` take."""
        caller = await self.admit(request)
        refuse_length(request, self.keep.limits.most_bytes(caller.tier, "image") + _FORM_BYTES)
        part = await one_file(request, _FIELDS)
        claim = Claim(caller.account_id, caller.tier, part.file_name, _IMAGES, part.field)
        made = await self.keep(claim, part.chunks)
        return json_response(brought(made, self.links.at(request)))

    async def image(self, request: Request) -> Response:
        """The bytes, for the owner."""
        caller = await self.admit(request)
        name = request.path_params["filename"]
        upload_id = upload_from_text(name)
        found = None if upload_id is None else await uploads.one(self.db.pool, caller.account_id, upload_id)
        own = found is not None and found.own_name == name
        link = await links.find(self.db.pool, found.token) if found and own else None
        if link is None:
            raise Problem(404, "file_not_found", f"You have no image {name[:100]!r}.", param="filename")
        return await self.files.send(request, link, private=True)


def brought(upload: Upload, at: Addresses) -> dict[str, Any]:
    """An image under the name that `input_image` takes."""
    return {
        "filename": upload.own_name,
        "url": f"{at.api}/api/input-image/{upload.own_name}",
        "content_type": upload.content_type,
        "size_bytes": upload.size_bytes,
        "width": upload.width,
        "height": upload.height,
    }
