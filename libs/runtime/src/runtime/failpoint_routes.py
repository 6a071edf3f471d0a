"""Arms the failpoints of a process that runs: internal routes, of a process in dev mode only."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runtime import failpoints
from runtime.internal import InternalRoutes, Refusal, answer, body_of

PATH = "/failpoints"


def routes(internal: InternalRoutes) -> list[Route]:
    """GET says what is armed and what has happened; PUT `{"arm": "relay.sent=kill:1"}` arms that alone."""
    return [internal.route("GET", PATH, _show), internal.route("PUT", PATH, _arm)]


async def _show(_: Request) -> Response:
    return answer(failpoints.state())


async def _arm(request: Request) -> Response:
    try:
        failpoints.arm(_text(await body_of(request)))
    except ValueError as error:
        raise Refusal(422, "invalid", f"{error}.", "arm") from None
    return answer(failpoints.state())


def _text(body: bytes) -> str:
    wanted = orjson.loads(body)
    if not isinstance(wanted, dict) or not isinstance(text := wanted.get("arm"), str) or len(wanted) > 1:
        raise ValueError('the body is {"arm": "NAME=ACTION,…"}, and {"arm": ""} disarms')
    return text
