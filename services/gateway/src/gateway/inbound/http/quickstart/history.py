"""`/api/generations…`, `/api/image-generations…`, `/api/share/{token}`, `/api/gallery/community`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.catalog import Catalog
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import generations
from gateway.db.keys import Caller
from gateway.domain import quickstart
from gateway.domain.problem import Problem
from gateway.domain.projection import FINAL
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.openapi import quickstart_history as described
from gateway.inbound.http.operation import Endpoint, Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.quickstart import documents
from gateway.usecases import mark_generation
from gateway.usecases.delete_tasks import DeleteTasks

PER_PAGE, MOST_PER_PAGE, MOST_OFFSET = 50, 200, 1_000_000
_PATH = "/api/generations"


@dataclass(frozen=True, slots=True)
class History:
    """The routes."""

    admit: Admit
    db: Database
    catalog: Catalog
    delete_tasks: DeleteTasks
    links: FileLinks

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        one, images = f"{_PATH}/{{id}}", "/api/image-generations"
        videos_of, images_of = quickstart.VIDEO_KINDS, quickstart.IMAGE_KINDS
        return [
            Operation("GET", _PATH, self._page(videos_of), described.page("video")),
            Operation("GET", images, self._page(images_of), described.page("image")),
            Operation("DELETE", one, self._deletion(videos_of), described.delete("video")),
            Operation("DELETE", f"{images}/{{id}}", self._deletion(images_of), described.delete("image")),
            Operation("POST", f"{one}/favorite", self.favorite, described.favorite()),
            Operation("POST", f"{one}/share", self.share, described.share()),
            Operation("POST", f"{one}/public", self.publish, described.publish()),
            Operation("GET", "/api/share/{token}", self.shared, described.shared()),
            Operation("GET", "/api/gallery/community", self.gallery, described.gallery()),
        ]

    def _page(self, kinds: frozenset[str]) -> Endpoint:
        async def page(request: Request) -> Response:
            caller = await self.admit(request)
            limit, offset = _window(request)
            slugs = self._slugs(kinds)
            rows = await generations.page(self.db.pool, caller.account_id, slugs, limit + 1, offset)
            at = self.links.at(request)
            shown = [documents.generation(row, at) for row in rows]
            return documents.json_response(documents.listed("generations", shown, limit, offset))

        return page

    def _deletion(self, kinds: frozenset[str]) -> Endpoint:
        async def delete(request: Request) -> Response:
            caller = await self.admit(request)
            row = await self._row(request, caller, kinds)
            if row["status"] not in FINAL:
                message = "This generation is still running. Cancel it first, or wait for its end."
                raise Problem(400, "generation_running", message, param="id")
            await self.delete_tasks([row["id"]])
            return documents.json_response({"id": row["number"], "deleted": True})

        return delete

    async def favorite(self, request: Request) -> Response:
        """Make it a favourite, or not one any more."""
        caller = await self.admit(request)
        row = await self._row(request, caller)
        now = await mark_generation.toggle_favorite(self.db, caller.account_id, row["number"])
        return documents.json_response({"id": row["number"], "is_favorite": now})

    async def share(self, request: Request) -> Response:
        """A link that needs no key, the same each time; it opens nothing once the generation is deleted."""
        caller = await self.admit(request)
        row = await self._completed(request, caller)
        token = await mark_generation.share(self.db, caller.account_id, row["number"])
        url = f"{self.links.at(request).api}/api/share/{token}"
        return documents.json_response({"id": row["number"], "share_token": token, "share_url": url})

    async def publish(self, request: Request) -> Response:
        """Show it in the public gallery, or no more."""
        caller = await self.admit(request)
        row = await self._completed(request, caller)
        now = await mark_generation.toggle_public(self.db, caller.account_id, row["number"])
        return documents.json_response({"id": row["number"], "is_public": now})

    async def shared(self, request: Request) -> Response:
        """Needs no key: who has the token may look."""
        token = request.path_params["token"]
        row = None if "\0" in token else await generations.shared(self.db.pool, token)
        if row is None:
            raise Problem(404, "share_not_found", "There is nothing behind this link (any more).")
        shown = documents.public(row, self.links.at(request), token)
        return documents.json_response(shown)

    async def gallery(self, request: Request) -> Response:
        """Needs no key: what its owners have made public."""
        limit, offset = _window(request)
        rows = await generations.gallery(self.db.pool, limit + 1, offset)
        at = self.links.at(request)
        shown = [documents.public(row, at, None) for row in rows]
        return documents.json_response(documents.listed("generations", shown, limit, offset))

    async def _row(
        self, request: Request, caller: Caller, kinds: frozenset[str] | None = None
    ) -> dict[str, Any]:
        text = request.path_params["id"]
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        slugs = self._slugs(kinds or quickstart.VIDEO_KINDS | quickstart.IMAGE_KINDS)
        row = await generations.one(self.db.pool, caller.account_id, number, slugs)
        if row is None:
            raise Problem(404, "generation_not_found", f"There is no generation {text[:100]!r}.", param="id")
        return row

    async def _completed(self, request: Request, caller: Caller) -> Mapping[str, Any]:
        row = await self._row(request, caller)
        if row["status"] != "succeeded":
            raise Problem(400, "not_completed", "Only a completed generation can be shown.", param="id")
        return row

    def _slugs(self, kinds: frozenset[str]) -> Sequence[str]:
        return [each.slug for each in self.catalog.models.values() if each.kind in kinds]


def _window(request: Request) -> tuple[int, int]:
    query = Query(request)
    limit = query.whole("limit", PER_PAGE, 1, MOST_PER_PAGE)
    offset = query.whole("offset", 0, 0, MOST_OFFSET)
    query.finish()
    return limit, offset
