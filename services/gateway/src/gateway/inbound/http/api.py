"""The public API: every route, its place in the OpenAPI document, and what surrounds it."""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from runtime.group_commit import OverloadedError
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.domain.problem import Problem
from gateway.inbound.http import openapi
from gateway.inbound.http.catalog import Credits, Models
from gateway.inbound.http.edge import Edge, Endpoint
from gateway.inbound.http.files import Files
from gateway.inbound.http.problems import OUTAGES, on_http_exception, on_problem, on_unexpected
from gateway.inbound.http.submit import TASKS_PATH, Submit
from gateway.inbound.http.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Routes:
    """What answers the requests."""

    submit: Submit
    tasks: Tasks
    models: Models
    credits: Credits
    files: Files


class _Api(FastAPI):
    def __init__(self, submit: Submit, **settings: Any) -> None:
        super().__init__(**settings)
        self._edge = Edge(super().__call__, ("POST", TASKS_PATH, submit))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Our edge is around everything, the framework's own errors included."""
        await self._edge(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Our own document: plain routes have no types to derive one from."""
        return openapi.document()


def make_api(routes: Routes) -> FastAPI:
    """Join the routes. Plain ones of Starlette: FastAPI's would solve dependencies that there are none of."""
    api = _Api(
        routes.submit,
        title="Framebus",
        version="1",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={
            **dict.fromkeys((Problem, OverloadedError, *OUTAGES), on_problem),
            HTTPException: on_http_exception,
            Exception: on_unexpected,
        },
    )
    table: list[tuple[str, str, Endpoint]] = [
        ("POST", TASKS_PATH, routes.submit.__call__),
        ("GET", f"{TASKS_PATH}/{{task_id}}", routes.tasks.document),
        ("GET", f"{TASKS_PATH}/{{task_id}}/events", routes.tasks.events),
        ("GET", "/api/v1/models", routes.models.page),
        ("GET", "/api/v1/models/{slug}", routes.models.document),
        ("GET", "/api/v1/credits", routes.credits.document),
        ("GET", "/files/{token}/{name}", routes.files.file),
    ]
    api.router.routes[:0] = [Route(path, endpoint, methods=[method]) for method, path, endpoint in table]
    return api
