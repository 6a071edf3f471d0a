"""Small pieces every provider's routes are made of: JSON in and out, refusals, cut connections."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

Handler = Callable[[Request], Awaitable[Response]]


class ProviderError(Exception):
    """A refusal, as the provider words it; each provider gives it its own shape.

    `param` names the field at fault; `details` is for providers that add structured ones,
    `headers` go with the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str = "",
        details: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.details = details
        self.headers = headers or {}


def reply(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status, media_type="application/json")


async def json_object(request: Request) -> dict[str, Any] | None:
    """The request's body if it is a JSON object, otherwise None."""
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def bearer(request: Request) -> str:
    """The bearer token, or an empty string."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def base_url(request: Request, configured: str | None) -> str:
    """Where this simulator's links point: as configured, or as the client addressed it."""
    return configured or f"{request.scope['scheme']}://{request.headers.get('host', 'localhost')}"


async def cut(request: Request) -> Response:
    """Break the client's connection without an answer and return a response that goes nowhere.

    ASGI has no word for this: `app` keeps the server's transport in the scope.
    """
    request.scope["simulator.transport"].abort()
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response(status_code=500)
