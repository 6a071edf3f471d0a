"""`POST /internal/looks`, `POST /internal/last-frames`: what the gateway asks about a file."""

from dataclasses import asdict
from typing import Any

import orjson
from runtime.internal import InternalRoutes, Refusal, answer, body_of
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from storage.usecases.look_into import LookError, LookInto

_STATUSES = {"object_not_found": 404, "unreadable": 422, "try_again": 503}


class Looks:
    """The routes; each takes `{"key": …}` of an object below `results/` or `uploads/`."""

    def __init__(self, look: LookInto) -> None:
        self._look = look

    def routes(self, internal: InternalRoutes) -> list[Route]:
        """All of them."""
        return [
            internal.route("POST", "/looks", self.probe),
            internal.route("POST", "/last-frames", self.last_frame),
        ]

    async def probe(self, request: Request) -> Response:
        """What the file is: kind, size in pixels, duration in milliseconds. Refusal 404, 422, 503."""
        key = _key(await body_of(request))
        try:
            return answer(asdict(await self._look.probe(key)))
        except LookError as error:
            raise _refusal(error) from error

    async def last_frame(self, request: Request) -> Response:
        """A PNG. Refusal 404, 422, 503."""
        key = _key(await body_of(request))
        try:
            return Response(await self._look.last_frame(key), media_type="image/png")
        except LookError as error:
            raise _refusal(error) from error


def _refusal(error: LookError) -> Refusal:
    return Refusal(_STATUSES[error.code], error.code, str(error), "key")


def _key(body: bytes) -> str:
    try:
        given: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        given = None
    key = given.get("key") if isinstance(given, dict) else None
    if not isinstance(key, str):
        raise Refusal(422, "required", "key is required.", "key")
    return key
