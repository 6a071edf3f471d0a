"""Calls to providers: one connection pool each, and an exact word on whether anything was sent.

aiohttp itself, not httpx over it: that costs more than twice the CPU, and its transport reports a server that
hung up after the request as a connect error, after which a submit would be sent a second time.
"""

import asyncio
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from providers.http import HttpRequest, HttpResponse
from runtime import tracing
from yarl import URL

from dispatcher.outbound.bulkhead import LARGE_BYTES, Share

MAX_ANSWER_BYTES = 8 * 1024 * 1024
CONNECT_SECONDS = 5.0
IDLE_SECONDS = 4.0
"""Shorter than servers keep idle connections: one that is closed under a submit makes it uncertain."""
_MAX_CONNECTIONS = 256
_BEFORE_SENDING: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Raised while a connection is being made, so nothing was sent."""


class CallError(Exception):
    """A call without an answer; the text is fit for logs."""


class NotSentError(CallError):
    """Nothing was sent: no connection could be made."""


class UnansweredError(CallError):
    """The request may have arrived; no whole answer came back."""


class ProviderClient:
    """A part of the worker: holds the connections."""

    name = "provider-client"

    def __init__(self) -> None:
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def start(self) -> None:
        """Nothing: a provider's pool comes with the first call."""

    async def stop(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(session.close() for session in self._sessions.values()))
        self._sessions = {}

    def unready(self) -> str | None:
        """A provider that is down is no reason to refuse work."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    async def send(
        self,
        provider: str,
        request: HttpRequest,
        seconds: float,
        most_bytes: int = MAX_ANSWER_BYTES,
        share: Share | None = None,
    ) -> HttpResponse:
        """Send and read the whole answer. Raises NotSentError or UnansweredError.

        Answers above `LARGE_BYTES` are read when there is room in `share`; without one they are too long.
        """
        attributes: tracing.Attributes = {
            "http.request.method": request.method,
            "server.address": _host(request.url),
            "framebus.provider": provider,
        }
        with tracing.within(f"{request.method} {provider}", "client", attributes) as span:
            answer = await self._send(provider, request, seconds, most_bytes, share)
            if span is not None:
                span.note({"http.response.status_code": answer.status})
            return answer

    async def _send(
        self,
        provider: str,
        request: HttpRequest,
        seconds: float,
        most_bytes: int,
        share: Share | None,
    ) -> HttpResponse:
        ends = asyncio.get_running_loop().time() + seconds
        if provider not in self._sessions:
            self._sessions[provider] = _session()
        try:
            async with self._sessions[provider].request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=seconds, sock_connect=min(CONNECT_SECONDS, seconds * 0.6)
                ),
            ) as response:
                async with asyncio.timeout_at(ends):
                    body = await _read(response, most_bytes, share)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return HttpResponse(response.status, headers, body, request.url)
        except _BEFORE_SENDING as error:
            raise NotSentError(_text(error)) from error
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise UnansweredError(_text(error)) from error


async def _read(response: aiohttp.ClientResponse, most_bytes: int, share: Share | None) -> bytes:
    parts, size = [], 0
    most_bytes = most_bytes if share else min(most_bytes, LARGE_BYTES)
    async for part in response.content.iter_any():
        size += len(part)
        if size > most_bytes:
            raise ValueError(f"the answer is longer than {most_bytes} bytes")
        if share and size > LARGE_BYTES:
            await share.room()
        parts.append(part)
    return b"".join(parts)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # the call itself will say so
        return None


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=_MAX_CONNECTIONS, keepalive_timeout=IDLE_SECONDS)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
