"""`GET /api/video/{filename}`, `GET /api/image/{filename}`: a result's bytes, for its owner or by a share."""

from dataclasses import dataclass
from typing import Any

from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import generations, links, videos
from gateway.domain import quickstart
from gateway.domain.problem import Problem
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.files import Files
from gateway.inbound.http.openapi import quickstart_history as described
from gateway.inbound.http.operation import Endpoint, Operation
from gateway.inbound.http.quickstart.sent_files import asset_named, task_of


@dataclass(frozen=True, slots=True)
class ServedFiles:
    """The routes; Range and HEAD work."""

    admit: Admit
    db: Database
    files: Files

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        video, image = quickstart.VIDEO_KINDS, quickstart.IMAGE_KINDS
        return [
            Operation("GET", "/api/video/{filename}", self._served(video), described.file("video")),
            Operation("GET", "/api/image/{filename}", self._served(image), described.file("image")),
        ]

    def _served(self, kinds: frozenset[str]) -> Endpoint:
        async def serve(request: Request) -> Response:
            name = request.path_params["filename"]
            row = await self._row(request, name)
            asset = None if row is None else asset_named(row, name)
            link = (
                await links.find(self.db.pool, asset["token"]) if asset and asset["kind"] in kinds else None
            )
            if link is None:
                raise Problem(404, "file_not_found", f"There is no file {name[:200]!r}.", param="filename")
            return await self.files.send(request, link, private=True)

        return serve

    async def _row(self, request: Request, name: str) -> dict[str, Any] | None:
        """The finished task behind a name, if the request may see it: by a token, as its owner, or as
        anybody while it is public. Raises Problem 401 when only a key could help."""
        task_id, token = task_of(name), request.query_params.get("token")
        if token is not None:
            shared = None if "\0" in token else await generations.shared(self.db.pool, token)
            return shared if shared is not None and shared["id"] == task_id else None
        if "authorization" in request.headers:
            caller = await self.admit(request)
            own = None if task_id is None else await videos.one(self.db.pool, caller.account_id, task_id)
            if own is not None:
                return own
        public = None if task_id is None else await generations.published(self.db.pool, task_id)
        if public is None and "authorization" not in request.headers:
            await self.admit(request)
        return public
