"""PUT of an object that is whole in memory: one signed request, its hash checked by the store."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Final

import aiohttp
from yarl import URL

from runtime.backoff import Backoff
from runtime.objects.errors import ObjectStoreError
from runtime.objects.signing import Signer, object_url

_TRIES: Final = 3
_AT_ONCE_BYTES: Final = 256 * 1024
"""Bodies up to this size are hashed and sent in one step; larger ones must not hold up the event loop."""
_CODE: Final = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")
_TIMEOUT: Final = aiohttp.ClientTimeout(total=300, sock_connect=5, sock_read=60)
_KEPT_SECONDS: Final = 4.0
"""Shorter than servers keep idle connections."""


class DirectPut:
    """Puts objects into one bucket, on connections that are kept."""

    def __init__(self, session: aiohttp.ClientSession, endpoint: str, bucket: str, signer: Signer) -> None:
        self._session, self._endpoint, self._bucket, self._signer = session, endpoint, bucket, signer

    async def __call__(self, key: str, content_type: str, body: bytes | bytearray) -> None:
        """Make the object appear, whole. Raises ObjectStoreError, after a few tries if the store was busy."""
        small = len(body) <= _AT_ONCE_BYTES
        digest = (sha256(body) if small else await asyncio.to_thread(sha256, body)).hexdigest()
        backoff = Backoff(0.1, 1.0)
        for left in reversed(range(_TRIES)):
            try:
                await self._try(key, content_type, body, digest)
                return
            except _BusyError as busy:
                if not left:
                    raise ObjectStoreError(busy.code, str(busy)) from busy
            await asyncio.sleep(backoff.next())

    async def _try(self, key: str, content_type: str, body: bytes | bytearray, digest: str) -> None:
        url = object_url(self._endpoint, self._bucket, key)
        headers = self._signer.put(url, content_type, digest, datetime.now(UTC))
        data = body if len(body) <= _AT_ONCE_BYTES else BytesIO(body)
        try:
            async with self._session.put(
                URL(url, encoded=True), data=data, headers=headers, allow_redirects=False
            ) as response:
                if response.status != 200:
                    _refuse(response.status, await response.text(errors="replace"))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _BusyError("unreachable", "object storage can't be reached") from error


class _BusyError(ObjectStoreError):
    """Worth another try at once."""


def _refuse(status: int, text: str) -> None:
    found = _CODE.search(text)
    code = found[1] if found else str(status)
    kind = _BusyError if status >= 500 or status == 429 else ObjectStoreError
    raise kind(code, f"object storage answered {code}")


@asynccontextmanager
async def open_direct_put(
    endpoint: str, bucket: str, signer: Signer, max_connections: int
) -> AsyncIterator[DirectPut]:
    """Open the connections; they are made when needed."""
    connector = aiohttp.TCPConnector(limit=max_connections, keepalive_timeout=_KEPT_SECONDS)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=_TIMEOUT,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
    ) as session:
        yield DirectPut(session, endpoint, bucket, signer)
