"""One service asks another: HTTP below `/internal`, with the service token. Never on a task's path."""

import hmac
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any
from uuid import UUID

import httpx
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PREFIX = "/internal"
MOST_BODY_BYTES = 1024 * 1024
_UNAUTHORIZED = orjson.dumps({"error": {"code": "invalid_service_token", "message": "Not for you."}})

Endpoint = Callable[[Request], Awaitable[Response]]


class InternalError(Exception):
    """The other service can't be reached, or answered with something that only a fault explains."""


class Refusal(Exception):
    """The other service's own word: `status`, a stable `code`, a sentence, the field at fault."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.param = status, code, message, param


class InternalRoutes:
    """Routes that only the suite's own services may call."""

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()

    def route(self, method: str, path: str, endpoint: Endpoint) -> Route:
        """`path` below `/internal`. A Refusal that the endpoint raises becomes its answer."""

        async def guarded(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode()
            if not hmac.compare_digest(given, self._expected):
                return Response(_UNAUTHORIZED, 401, media_type="application/json")
            try:
                return await endpoint(request)
            except Refusal as refusal:
                return _refused(refusal)

        return Route(PREFIX + path, guarded, methods=[method])


async def body_of(request: Request) -> bytes:
    """The whole body; nothing of it is kept beyond 1 MiB. Refusal 413 as soon as it is longer."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise Refusal(413, "request_too_large", f"The body may have at most {MOST_BODY_BYTES} bytes.")
    return bytes(body)


class Given:
    """The query parameters of a request from another service. A value that can't be is a Refusal 422."""

    def __init__(self, request: Request) -> None:
        self._given = request.query_params

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number."""
        text = self._given.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
            raise _unfit(name, f"must be a whole number from {least} to {most}")
        return int(text)

    def choice(self, name: str, among: Collection[str]) -> str | None:
        """One of some words; None when it isn't there."""
        text = self._given.get(name)
        if text is not None and text not in among:
            raise _unfit(name, f"must be one of: {', '.join(among)}")
        return text

    def uuid(self, name: str) -> UUID | None:
        """An id; None when it isn't there."""
        text = self._given.get(name)
        try:
            return None if text is None else UUID(text)
        except ValueError:
            raise _unfit(name, "must be a UUID") from None


def _unfit(name: str, message: str) -> Refusal:
    return Refusal(422, "invalid", f"{name} {message}", name)


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(value), status, media_type="application/json")


def _refused(refusal: Refusal) -> Response:
    error = {"code": refusal.code, "message": refusal.message, "param": refusal.param}
    return answer({"error": error}, refusal.status)


class InternalClient:
    """Asks one other service. A part of the process: started and stopped with it."""

    def __init__(self, name: str, base_url: str, token: str, *, timeout_seconds: float = 5.0) -> None:
        self.name = f"internal-{name}"
        self._asked = name
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + PREFIX,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout_seconds,
            trust_env=False,
        )

    async def start(self) -> None:
        """Nothing: connections are made when they are needed."""

    async def stop(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def unready(self) -> str | None:
        """Never: this process can serve without the other."""
        return None

    def fault(self) -> str | None:
        """None: a client has no life of its own."""
        return None

    async def ask(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Any = None
    ) -> Any:
        """The JSON answer, None for an empty one. Raises Refusal for its 4xx, InternalError for all else."""
        found = await self.content(method, path, params=params, body=body)
        return orjson.loads(found) if found else None

    async def content(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Any = None
    ) -> bytes:
        """The answer's bytes. Raises Refusal for its 4xx, InternalError for all else."""
        content = None if body is None else orjson.dumps(body)
        headers = {"Content-Type": "application/json"} if content is not None else None
        try:
            found = await self._http.request(method, path, params=params, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise InternalError(f"{self._asked}: {type(error).__name__}") from error
        if found.status_code in range(400, 500) and found.status_code != 401:
            raise _refusal(found)
        if not found.is_success:
            raise InternalError(f"{self._asked} answered {found.status_code}")
        return found.content


def _refusal(found: httpx.Response) -> Refusal:
    try:
        error = orjson.loads(found.content)["error"]
        return Refusal(found.status_code, error["code"], error["message"], error.get("param"))
    except (ValueError, KeyError, TypeError):
        return Refusal(found.status_code, "refused", f"the answer was {found.status_code}")
