"""What an area of the API contributes: its routes, each with its place in the OpenAPI document."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path, what answers it, and its OpenAPI operation object."""

    method: str
    path: str
    endpoint: Endpoint
    described: Mapping[str, Any]


def routes(operations: Iterable[Operation]) -> list[Route]:
    """One route per path, so that a 405 names every method; paths without parameters come first."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for each in operations:
        methods = by_path.setdefault(each.path, {})
        if each.method in methods:
            raise ValueError(f"{each.method} {each.path} is there twice")
        methods[each.method] = each.endpoint
    ordered = sorted(by_path.items(), key=lambda item: item[0].count("{"))
    return [Route(path, _by_method(methods), methods=list(methods)) for path, methods in ordered]


def paths(operations: Iterable[Operation]) -> dict[str, dict[str, Any]]:
    """The `paths` of the OpenAPI document."""
    found: dict[str, dict[str, Any]] = {}
    for each in operations:
        found.setdefault(each.path, {})[each.method.lower()] = dict(each.described)
    return found


def _by_method(endpoints: Mapping[str, Endpoint]) -> Endpoint:
    if len(endpoints) == 1:
        return next(iter(endpoints.values()))

    async def dispatch(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await endpoints[method](request)

    return dispatch
