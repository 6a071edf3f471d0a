"""Result links: `/files/{token}/{name}`. No key: who has the link has the file."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import structlog
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from gateway.db import links
from gateway.db.links import Link
from gateway.domain import ranges
from gateway.domain.problem import Problem
from gateway.inbound.http.openapi import files as described
from gateway.inbound.http.operation import Operation
from gateway.outbound.objects import ObjectMissing, Objects, ObjectStoreUnreachable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Files:
    """Streams results out of the object store, or sends clients there."""

    db: Database
    objects: Objects
    cache_seconds: int
    """How long caches may keep a file without asking again: until then they know nothing of a revocation."""

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [Operation("GET", "/files/{token}/{name}", self.file, described.file())]

    async def file(self, request: Request) -> Response:
        """Answer GET and HEAD; HEAD needs no object store."""
        return await self.send(request, await self._link(request))

    async def send(self, request: Request, link: Link, *, private: bool = False) -> Response:
        """A file, or the part of it that is asked for.

        Private: the address alone opens nothing, so no cache may keep it, and nobody is sent elsewhere.
        """
        headers = _headers(link, self.cache_seconds) | (
            {"Cache-Control": "private, no-cache"} if private else {}
        )
        if _matches(request.headers.get("if-none-match"), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        elsewhere = None if private else await self._elsewhere(link, headers)
        if elsewhere is not None:
            return elsewhere
        span = self._span(request, link, headers)
        start, end = span or (0, link.size_bytes - 1)
        headers["Content-Length"] = str(end - start + 1)
        if span is not None:
            headers["Content-Range"] = f"bytes {start}-{end}/{link.size_bytes}"
        status = 200 if span is None else 206
        if request.method == "HEAD" or link.size_bytes == 0:
            return Response(status_code=status, headers=headers, media_type=link.content_type)
        chunks = await self._open(link, start, end)
        return StreamingResponse(chunks, status, headers, media_type=link.content_type)

    async def _elsewhere(self, link: Link, headers: Mapping[str, str]) -> Response | None:
        url = await self.objects.public_url(link.bucket, link.object_key, headers["Content-Disposition"])
        return None if url is None else RedirectResponse(url, 307, {"Cache-Control": "no-store"})

    async def _link(self, request: Request) -> Link:
        token, name = request.path_params["token"], request.path_params["name"]
        link = None if "\0" in token else await links.find(self.db.pool, token)
        if link is None or link.file_name != name:
            raise _missing()
        return link

    def _span(self, request: Request, link: Link, headers: dict[str, str]) -> tuple[int, int] | None:
        condition = request.headers.get("if-range")
        if condition is not None and condition != headers["ETag"]:
            return None
        try:
            return ranges.parse(request.headers.get("range"), link.size_bytes)
        except ranges.Unsatisfiable:
            wanted = {"Content-Range": f"bytes */{link.size_bytes}"}
            message = "The range begins past the end of the file."
            raise Problem(416, "range_not_satisfiable", message, headers=wanted) from None

    async def _open(self, link: Link, start: int, end: int) -> AsyncIterator[bytes]:
        try:
            return await self.objects.read(link.bucket, link.object_key, start, end)
        except ObjectMissing:
            log.error("linked_object_missing", object_key=link.object_key)
            raise _missing() from None
        except ObjectStoreUnreachable as error:
            log.warning("object_store_unreachable", error=str(error))
            message = "The file can't be read right now. Try again."
            raise Problem(503, "storage_unavailable", message, headers={"Retry-After": "2"}) from None


def _missing() -> Problem:
    return Problem(404, "file_not_found", "There is no file behind this link (any more).")


def _headers(link: Link, cache_seconds: int) -> dict[str, str]:
    return {
        "ETag": f'"{link.sha256}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": f"public, max-age={cache_seconds}",
        "Content-Disposition": _disposition(link.file_name),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Access-Control-Allow-Origin": "*",
    }


def _disposition(file_name: str) -> str:
    """A name in ASCII for old clients and the whole one as RFC 5987 has it."""
    plain = "".join(
        each if each.isascii() and each.isprintable() and each not in '"\\%' else "_" for each in file_name
    )
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _matches(header: str | None, etag: str) -> bool:
    choices = [choice.strip().removeprefix("W/") for choice in (header or "").split(",")]
    return etag in choices or "*" in choices
