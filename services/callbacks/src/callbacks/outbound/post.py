"""Posting to an address that a customer chose: through the egress gate, no redirects, bounded in time."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime

import httpx
from runtime.egress.client import egress_client
from runtime.egress.errors import EgressError
from runtime.egress.policy import EgressPolicy

from callbacks.domain.delivery import MAX_EXCERPT_CHARACTERS, Answer

_MOST_READ_BYTES = 4096
_CONNECT_SECONDS = 5.0


class Post:
    """A part of the worker's process. `allowed` are `host:port` that may be private or plain."""

    name = "post"

    def __init__(
        self, allowed: Iterable[str], *, https_only: bool, timeout_seconds: float, connections: int
    ) -> None:
        self._timeout = timeout_seconds
        self._client = egress_client(
            EgressPolicy.allowing(allowed, https_only=https_only),
            connect_seconds=min(_CONNECT_SECONDS, timeout_seconds),
            idle_seconds=timeout_seconds,
            max_connections=connections,
            user_agent="framebus-webhooks/1",
        )

    async def start(self) -> None:
        """Nothing: connections are made when they are needed."""

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def unready(self) -> str | None:
        """Never: others' addresses are no reason to take no work."""
        return None

    def fault(self) -> str | None:
        """None: a client has no life of its own."""
        return None

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One attempt. Never raises for what the other side does."""
        began = time.monotonic()
        status, error, excerpt, retry_after = None, None, "", None
        try:
            async with asyncio.timeout(self._timeout):
                request = self._client.build_request("POST", url, headers=dict(headers), content=body)
                response = await self._client.send(request, stream=True)
                try:
                    status, retry_after = response.status_code, _retry_after(response)
                    excerpt = await _excerpt(response)
                finally:
                    await response.aclose()
        except EgressError as refused:
            error = refused.code
        except (httpx.TimeoutException, TimeoutError):
            error = None if status is not None else "timeout"  # an answer that trickles on is an answer
        except httpx.ConnectError:
            error = "connect_failed"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            error = None if status is not None else "interrupted"
        return Answer(status, error, int((time.monotonic() - began) * 1000), excerpt, retry_after)


async def _excerpt(response: httpx.Response) -> str:
    read = bytearray()
    async for chunk in response.aiter_raw():
        read += chunk
        if len(read) >= _MOST_READ_BYTES:
            break
    text = (
        bytes(read[:_MOST_READ_BYTES]).decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    )
    return text[:MAX_EXCERPT_CHARACTERS]


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, from either form of the header (RFC 9110, 10.2.3); None for none that can be understood."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 8:
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
