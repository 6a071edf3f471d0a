"""The public API: the areas' operations, and what surrounds them."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from gateway.inbound.http.docs_page import docs_routes
from gateway.inbound.http.edge import Edge, Hot
from gateway.inbound.http.openapi.document import document
from gateway.inbound.http.operation import Operation, routes
from gateway.inbound.http.problems import EXPECTED, on_http_exception, on_problem, on_unexpected


class _Api(FastAPI):
    def __init__(self, hot: Hot, document: dict[str, Any], **settings: Any) -> None:
        super().__init__(**settings)
        self._edge = Edge(super().__call__, hot)
        self._document = document

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Our edge is around everything, the framework's own errors included."""
        await self._edge(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Our own document: plain routes have no types to derive one from."""
        return self._document


def make_api(operations: Sequence[Operation], hot: Hot) -> FastAPI:
    """Join the areas' operations; `hot` is answered before any routing.

    Plain routes of Starlette: FastAPI's would solve dependencies that there are none of.
    """
    api = _Api(
        hot,
        document(operations),
        title="Framebus",
        version="1",
        docs_url=None,  # its page would load scripts from elsewhere: ours is in docs_page
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={
            **dict.fromkeys(EXPECTED, on_problem),
            HTTPException: on_http_exception,
            Exception: on_unexpected,
        },
    )
    api.router.routes[:0] = [*routes(operations), *docs_routes()]
    return api
