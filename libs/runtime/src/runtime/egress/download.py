"""A bounded streaming download through the gate: redirects by hand, caps on bytes, time and silence."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import httpx

from runtime.egress.errors import (
    ContentRefusedError,
    EgressRefusedError,
    StatusRefusedError,
    TransferFailedError,
)
from runtime.egress.policy import port_of

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """Bounds of one download: bytes of content, seconds in all, seconds of silence, redirects."""

    max_bytes: int
    total_seconds: float = 600.0
    idle_seconds: float = 30.0
    max_redirects: int = 5


class Download:
    """A 200 answer whose content is still to be read, once, through ``chunks``."""

    def __init__(self, response: httpx.Response, limits: DownloadLimits, until: float) -> None:
        self._response = response
        self._limits = limits
        self._until = until
        self.declared_bytes = _declared_bytes(response)
        self.declared_type = response.headers.get("content-type")

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the content; EgressError when it grows too large, stalls or breaks off."""
        received = 0
        content = self._response.aiter_raw()
        while True:
            with _transfer_errors():
                async with asyncio.timeout_at(self._until):
                    chunk = await anext(content, None)
            if chunk is None:
                return
            received += len(chunk)
            if received > self._limits.max_bytes:
                raise ContentRefusedError("too_large", f"more than {self._limits.max_bytes} bytes came")
            yield chunk


@asynccontextmanager
async def open_download(
    client: httpx.AsyncClient,
    url: str,
    limits: DownloadLimits,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Download]:
    """GET ``url`` through an ``egress_client``; ``headers`` never reach another origin than the URL's own."""
    until = asyncio.get_running_loop().time() + limits.total_seconds
    with _transfer_errors():
        async with asyncio.timeout_at(until):
            response = await _follow(client, _parse(url), limits, dict(headers or {}))
    try:
        _check(response, limits)
        yield Download(response, limits, until)
    finally:
        await response.aclose()


async def _follow(
    client: httpx.AsyncClient, url: httpx.URL, limits: DownloadLimits, headers: dict[str, str]
) -> httpx.Response:
    timeout = httpx.Timeout(limits.idle_seconds, connect=min(10.0, limits.idle_seconds))
    for _ in range(limits.max_redirects + 1):
        request = client.build_request("GET", url, headers=headers, timeout=timeout)
        response = await client.send(request, stream=True, follow_redirects=False)
        if response.status_code not in _REDIRECTS:
            return response
        await response.aclose()
        target = _target(url, response)
        if _origin(target) != _origin(url):
            headers = {}
        url = target
    raise EgressRefusedError("redirect_refused", f"more than {limits.max_redirects} redirects")


def _target(url: httpx.URL, response: httpx.Response) -> httpx.URL:
    location = response.headers.get("location")
    if not location:
        raise EgressRefusedError("redirect_refused", "a redirect without an address")
    try:
        target = url.join(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise EgressRefusedError("redirect_refused", "a redirect to no valid address") from error
    if url.scheme == "https" and target.scheme != "https":
        raise EgressRefusedError("redirect_refused", "a redirect from https to a plain connection")
    return target


def _check(response: httpx.Response, limits: DownloadLimits) -> None:
    if response.status_code != 200:
        raise StatusRefusedError(response.status_code)
    # A packed body would have to be unpacked to be counted; we asked for plain bytes.
    if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise ContentRefusedError(
            "encoding_refused", "the content came packed although plain bytes were asked for"
        )
    declared = _declared_bytes(response)
    if declared is not None and declared > limits.max_bytes:
        raise ContentRefusedError("too_large", f"{declared} bytes are more than {limits.max_bytes}")


def _declared_bytes(response: httpx.Response) -> int | None:
    value = response.headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() else None


def _parse(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise EgressRefusedError("url_refused", "not a valid address") from error


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, port_of(url)


@contextmanager
def _transfer_errors() -> Iterator[None]:
    """Turn the client's exceptions into ours; their texts may hold addresses, so they are kept as causes."""
    try:
        yield
    except (httpx.TimeoutException, TimeoutError) as error:
        raise TransferFailedError("timeout", "the transfer took too long") from error
    except httpx.ConnectError as error:
        raise TransferFailedError("connect_failed", "the server can't be reached") from error
    except httpx.UnsupportedProtocol as error:
        raise EgressRefusedError("url_refused", "only http and https addresses are fetched") from error
    except httpx.HTTPError as error:
        raise TransferFailedError("interrupted", "the transfer broke off") from error
