"""Small pieces every provider's routes are made of: JSON in and out, refusals, cut connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

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


def cut_halfway(request: Request, response: Response) -> Response:
    """`response` that announces its length and ends after the first half of it."""
    half = len(response.body) // 2

    async def first_half() -> AsyncIterator[bytes]:
        yield bytes(response.body[:half])
        request.scope["simulator.transport"].close()
        while (await request.receive())["type"] != "http.disconnect":
            pass

    return StreamingResponse(first_half(), response.status_code, dict(response.headers))


def endless(media_type: str = "application/json") -> Response:
    """An answer that goes on until the client has had enough."""

    async def spaces() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536
            await asyncio.sleep(0)

    return StreamingResponse(spaces(), media_type=media_type)


async def repeat(request: Request, response: Response) -> None:
    """Put an answer that was sent on the wire once more, which nobody asked for."""
    head = b"".join(name + b": " + value + b"\r\n" for name, value in response.raw_headers)
    status = f"HTTP/1.1 {response.status_code} OK\r\n".encode()
    request.scope["simulator.transport"].write(status + head + b"\r\n" + bytes(response.body))
