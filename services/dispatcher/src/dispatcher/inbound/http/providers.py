"""`GET /internal/providers`: how providers do, asked by the gateway for its operator."""

import orjson
from runtime.db import Database
from runtime.internal import InternalRoutes
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db import reports


class ProviderReports:
    """The routes about providers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def routes(self, internal: InternalRoutes) -> list[Route]:
        """All of them."""
        return [internal.route("GET", "/providers", self.providers)]

    async def providers(self, _: Request) -> Response:
        """How each key of each provider does, as every worker process has seen it."""
        found = {"object": "list", "data": await reports.providers(self._db.pool)}
        return Response(orjson.dumps(found, default=str), media_type="application/json")
