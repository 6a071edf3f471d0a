"""Calls to providers: one HTTP client each, and an exact word on whether anything was sent."""

import asyncio
from collections.abc import Iterable, Mapping

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from providers.http import HttpRequest, HttpResponse

from dispatcher.domain.providers import Provider

MAX_ANSWER_BYTES = 8 * 1024 * 1024
CONNECT_SECONDS = 5.0
IDLE_SECONDS = 4.0
"""Shorter than servers keep idle connections: one that is closed under a submit makes it uncertain."""
_MAX_CONNECTIONS = 256
# Raised while a connection is being made. The transport's own mapping is no help: it turns a server that hung
# up after the request into httpx.ConnectTimeout.
_BEFORE_SENDING = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class CallError(Exception):
    """A call without an answer; the text is fit for logs."""


class NotSentError(CallError):
    """Nothing was sent: no connection could be made."""


class UnansweredError(CallError):
    """The request may have arrived; no whole answer came back."""


class ProviderClient:
    """A part of the worker: holds the connections."""

    name = "provider-client"

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._names = [provider.name for provider in providers]
        self._clients: dict[str, httpx.AsyncClient] = {}

    async def start(self) -> None:
        """Make the clients; connections come with the first call."""
        self._clients = {name: _client() for name in self._names}

    async def stop(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(client.aclose() for client in self._clients.values()))
        self._clients = {}

    def unready(self) -> str | None:
        """A provider that is down is no reason to refuse work."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    async def send(self, provider: str, request: HttpRequest, seconds: float) -> HttpResponse:
        """Send and read the whole answer. Raises NotSentError or UnansweredError."""
        client = self._clients[provider]
        built = client.build_request(
            request.method, request.url, headers=request.headers, content=request.body or None
        )
        try:
            async with asyncio.timeout(seconds):
                response = await client.send(built, stream=True)
                try:
                    body = await _read(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            cause = error if isinstance(error, aiohttp.ClientError) else error.__cause__
            text = f"{type(cause or error).__name__}: {error}"[:300]
            if isinstance(cause, _BEFORE_SENDING):
                raise NotSentError(text) from error
            raise UnansweredError(text) from error
        return HttpResponse(response.status_code, _lower(response.headers), body)


async def _read(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise ValueError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _lower(headers: httpx.Headers) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _client() -> httpx.AsyncClient:
    transport = AiohttpTransport(client=_session)
    timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
    return httpx.AsyncClient(transport=transport, timeout=timeout, trust_env=False, follow_redirects=False)


def _session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=_MAX_CONNECTIONS, keepalive_timeout=IDLE_SECONDS)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
