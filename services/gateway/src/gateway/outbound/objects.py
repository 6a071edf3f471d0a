"""The object store: ranges of what is there, and addresses that open one object for a while."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aioboto3
import aiohttp
import structlog
from aiobotocore.session import AioSession
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from runtime.objects.slim import only_s3

log = structlog.get_logger()

_READ_BYTES = 64 * 1024
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
PRESIGNED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where the store is, for us and (perhaps) for clients, and how to sign."""

    endpoint: str
    public_endpoint: str | None
    region: str
    access_key: str
    secret_key: str


class ObjectMissing(Exception):
    """The store has no such object."""


class ObjectStoreUnreachable(Exception):
    """The store can't be reached or refuses us."""


class Objects:
    """A part: clients that stay open as long as the process."""

    name = "objects"

    def __init__(self, address: StoreAddress, max_connections: int = 100) -> None:
        self._address, self._max_connections = address, max_connections
        self._stack = AsyncExitStack()
        self.client: Any = None
        self.public_client: Any = None

    async def start(self) -> None:
        """Make the clients; nothing is connected yet."""
        self.client = await self._stack.enter_async_context(self._open(self._address.endpoint))
        if self._address.public_endpoint is not None:
            self.public_client = await self._stack.enter_async_context(
                self._open(self._address.public_endpoint)
            )

    async def stop(self) -> None:
        """Close the clients."""
        await self._stack.aclose()
        self._stack = AsyncExitStack()

    def unready(self) -> str | None:
        """Only result links need it."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    async def read(self, bucket: str, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Open bytes `start` to `end` (inclusive). Raises ObjectMissing, ObjectStoreUnreachable."""
        try:
            answer = await self.client.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{end}")
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _MISSING:
                raise ObjectMissing(key) from None
            raise ObjectStoreUnreachable(code) from error
        except (BotoCoreError, aiohttp.ClientError, OSError) as error:
            raise ObjectStoreUnreachable(type(error).__name__) from error
        return _chunks(answer["Body"])

    async def public_url(self, bucket: str, key: str, disposition: str) -> str | None:
        """An address that opens the object for an hour, where clients can reach the store."""
        if self.public_client is None:
            return None
        params = {"Bucket": bucket, "Key": key, "ResponseContentDisposition": disposition}
        url = await self.public_client.generate_presigned_url(
            "get_object", Params=params, ExpiresIn=PRESIGNED_SECONDS
        )
        return str(url)

    def _open(self, endpoint: str) -> Any:
        session = aioboto3.Session(
            botocore_session=only_s3(AioSession()),
            aws_access_key_id=self._address.access_key,
            aws_secret_access_key=self._address.secret_key,
            region_name=self._address.region,
        )
        config: Any = Config(
            signature_version="s3v4",
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"},
            max_pool_connections=self._max_connections,
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 2},
        )
        return session.client("s3", endpoint_url=endpoint, config=config)


async def _chunks(body: Any) -> AsyncIterator[bytes]:
    async with body:
        while chunk := await body.read(_READ_BYTES):
            yield chunk
