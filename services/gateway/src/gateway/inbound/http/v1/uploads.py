"""`/api/v1/uploads…`: files that tasks can use as inputs."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import uploads
from gateway.db.keys import Caller
from gateway.domain import cursors
from gateway.domain.problem import Problem
from gateway.domain.uploads import Upload, upload_from_text, upload_text
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.forms import Form, read_form
from gateway.inbound.http.multipart import one_file
from gateway.inbound.http.numbers import time_text
from gateway.inbound.http.openapi import uploads as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.usecases.announce_upload import ADDRESS_SECONDS, AnnounceUpload
from gateway.usecases.expire_uploads import ExpireUploads
from gateway.usecases.keep_upload import Claim, KeepUpload

PATH = "/api/v1/uploads"
_NO_STORE = {"Cache-Control": "no-store"}
_FORM_BYTES = 65_536
"""What a form may have beside its file."""
_CURSOR_FAULT = "is not a cursor of this list: take `next_cursor` as it came"


class AnnounceForm(Form):
    """The body of `POST /api/v1/uploads/presign`."""

    file_name: Annotated[str, Field(min_length=1, max_length=255)]
    content_type: Annotated[str, Field(min_length=1, max_length=100)]
    size_bytes: Annotated[int, Field(ge=1, le=1_000_000_000_000)]


@dataclass(frozen=True, slots=True)
class Uploads:
    """The area; `secret` signs its cursors."""

    admit: Admit
    db: Database
    keep: KeepUpload
    announce: AnnounceUpload
    expire: ExpireUploads
    links: FileLinks
    secret: bytes

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        one = f"{PATH}/{{upload_id}}"
        return [
            Operation("POST", PATH, self.create, described.create()),
            Operation("GET", PATH, self.page, described.page()),
            Operation("POST", f"{PATH}/presign", self.presign, described.presign()),
            Operation("GET", one, self.document, described.document()),
            Operation("DELETE", one, self.delete, described.delete()),
            Operation("POST", f"{one}/complete", self.complete, described.complete()),
        ]

    async def create(self, request: Request) -> Response:
        """201 with the upload: the form's file was checked and stored while it came."""
        caller = await self._admit(request)
        refuse_length(request, self.keep.limits.most_of_any(caller.tier) + _FORM_BYTES)
        part = await one_file(request, ("file",))
        claim = Claim(caller.account_id, caller.tier, part.file_name)
        return self._made(request, await self.keep(claim, part.chunks))

    async def presign(self, request: Request) -> Response:
        """201 with the address where the file is to be put."""
        caller = await self._admit(request)
        form = await read_form(request, AnnounceForm)
        if "\0" in form.file_name:
            raise Problem(422, "invalid", "file_name contains U+0000", param="file_name")
        address = await self.announce(caller, form.file_name, form.content_type, form.size_bytes)
        shown = {
            "object": "upload.address",
            "id": upload_text(address.id),
            "method": "PUT",
            "url": address.url,
            "headers": address.headers,
            "expires_in": ADDRESS_SECONDS,
        }
        return _json(shown, 201)

    async def complete(self, request: Request) -> Response:
        """200 with the upload, also when it was completed before."""
        caller = await self._admit(request)
        upload_id = _id(request)
        upload = None if upload_id is None else await self.announce.complete(caller, upload_id)
        if upload is None:
            raise _not_found(request)
        return _json(self._shown(request, upload))

    async def page(self, request: Request) -> Response:
        """The account's uploads, newest first."""
        caller = await self.admit(request)
        query = Query(request)
        limit = query.whole("limit", 20, 1, 100)
        read = partial(cursors.decode, account_id=caller.account_id, filters="uploads", secret=self.secret)
        after = query.check("cursor", query.text("cursor"), read, _CURSOR_FAULT)
        query.finish()
        found = await uploads.page(self.db.pool, caller.account_id, after, limit + 1)
        shown, more = found[:limit], len(found) > limit
        cursor = cursors.encode(shown[-1].id, caller.account_id, "uploads", self.secret) if more else None
        data = [self._shown(request, each) for each in shown]
        return _json({"object": "list", "data": data, "has_more": more, "next_cursor": cursor})

    async def document(self, request: Request) -> Response:
        """One upload."""
        caller = await self.admit(request)
        return _json(self._shown(request, await self._upload(request, caller)))

    async def delete(self, request: Request) -> Response:
        """204; 409 while an unfinished task needs it."""
        caller = await self.admit(request)
        if not await self.expire.delete(await self._upload(request, caller)):
            message = "An unfinished task uses this file. Wait for its end, or cancel it."
            raise Problem(409, "upload_in_use", message, param="upload_id")
        return Response(status_code=204)

    async def _admit(self, request: Request) -> Caller:
        """Bringing something counts as a submit."""
        caller = await self.admit.identify(request)
        await self.admit.permit(request, caller, "write", "submits")
        return caller

    async def _upload(self, request: Request, caller: Caller) -> Upload:
        upload_id = _id(request)
        found = None if upload_id is None else await uploads.one(self.db.pool, caller.account_id, upload_id)
        if found is None:
            raise _not_found(request)
        return found

    def _made(self, request: Request, upload: Upload) -> Response:
        return _json(self._shown(request, upload), 201, {"Location": f"{PATH}/{upload_text(upload.id)}"})

    def _shown(self, request: Request, upload: Upload) -> dict[str, Any]:
        return {
            "object": "upload",
            "id": upload_text(upload.id),
            "url": self.links.url(request, upload.token, upload.file_name),
            "file_name": upload.file_name,
            "kind": upload.kind,
            "content_type": upload.content_type,
            "size_bytes": upload.size_bytes,
            "sha256": upload.sha256,
            "width": upload.width,
            "height": upload.height,
            "duration": None if upload.duration_ms is None else upload.duration_ms / 1000,
            "created_at": time_text(upload.created_at),
            "expires_at": time_text(upload.expires_at),
        }


def refuse_length(request: Request, most: int) -> None:
    """Refuse what says itself that it is too large before any of it is read. Raises Problem 413."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > most:
        raise Problem(413, "file_too_large", f"A file may have {most} bytes.", param="file")


def _id(request: Request) -> UUID | None:
    text = request.path_params["upload_id"]
    return upload_from_text(text) if text.startswith("file_") and "." not in text else None


def _not_found(request: Request) -> Problem:
    text = request.path_params["upload_id"]
    return Problem(404, "upload_not_found", f"There is no upload {text[:100]!r}.", param="upload_id")


def _json(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(document), status, _NO_STORE | (headers or {}), media_type="application/json"
    )
