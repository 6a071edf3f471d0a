"""Writing uploads into the object store: in parts, so that none is ever in memory as a whole."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from gateway.outbound.objects import ObjectMissing, Objects, ObjectStoreUnreachable

PART_BYTES = 8 * 1024 * 1024
"""S3 takes no part below 5 MiB but the last."""
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_ABORT_SECONDS = 10


class UploadStore:
    """One bucket, through the gateway's clients."""

    def __init__(self, objects: Objects, bucket: str) -> None:
        self._objects, self.bucket = objects, bucket

    @property
    def is_public(self) -> bool:
        """Whether clients can reach the store themselves."""
        return self._objects.public_client is not None

    async def write(self, key: str, content_type: str, parts: AsyncIterator[bytes]) -> None:
        """Make an object of parts of PART_BYTES (the last may be smaller). Nothing appears unless all came.

        Raises ObjectStoreUnreachable, and whatever `parts` raises.
        """
        held = await anext(parts, b"")
        following = await anext(parts, None)
        with _store_errors():
            if following is None:
                await self._client.put_object(
                    Bucket=self.bucket, Key=key, Body=held, ContentType=content_type
                )
            else:
                await self._write_parts(key, content_type, _chain(held, following, parts))

    async def size(self, key: str) -> int:
        """Of an object. Raises ObjectMissing, ObjectStoreUnreachable."""
        try:
            with _store_errors():
                found = await self._client.head_object(Bucket=self.bucket, Key=key)
        except ObjectStoreUnreachable as error:
            if str(error) in _MISSING:
                raise ObjectMissing(key) from None
            raise
        return int(found["ContentLength"])

    async def put_address(self, key: str, content_type: str, size: int, seconds: int) -> str:
        """Where a client may put exactly `size` bytes of this type. Call it only if the store is public."""
        params = {"Bucket": self.bucket, "Key": key, "ContentType": content_type, "ContentLength": size}
        client: Any = self._objects.public_client
        return str(await client.generate_presigned_url("put_object", Params=params, ExpiresIn=seconds))

    async def remove(self, bucket: str, prefix: str) -> None:
        """Remove everything below a prefix, begun uploads too. Raises ObjectStoreUnreachable."""
        with _store_errors():
            listed = await self._client.list_objects_v2(Bucket=bucket, Prefix=prefix)
            for each in listed.get("Contents", []):
                await self._client.delete_object(Bucket=bucket, Key=each["Key"])
            begun = await self._client.list_multipart_uploads(Bucket=bucket, Prefix=prefix)
            for each in begun.get("Uploads", []):
                if each["Key"].startswith(prefix):
                    await self._abort(bucket, each["Key"], each["UploadId"])

    async def _write_parts(self, key: str, content_type: str, parts: AsyncIterator[bytes]) -> None:
        target = {"Bucket": self.bucket, "Key": key}
        made = await self._client.create_multipart_upload(**target, ContentType=content_type)
        target["UploadId"] = made["UploadId"]
        try:
            sent: list[dict[str, Any]] = []
            async for part in parts:
                number = len(sent) + 1
                answer = await self._client.upload_part(**target, PartNumber=number, Body=part)
                sent.append({"ETag": answer["ETag"], "PartNumber": number})
            await self._client.complete_multipart_upload(**target, MultipartUpload={"Parts": sent})
        except BaseException:
            # Shielded: a client that hung up must not leave parts behind that cost money for ever.
            with contextlib.suppress(Exception):
                aborted = self._abort(self.bucket, key, target["UploadId"])
                await asyncio.shield(asyncio.wait_for(aborted, _ABORT_SECONDS))
            raise

    async def _abort(self, bucket: str, key: str, upload_id: str) -> None:
        await self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)

    @property
    def _client(self) -> Any:
        return self._objects.client


async def _chain(first: bytes, second: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    yield second
    async for part in rest:
        yield part


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise ObjectStoreUnreachable(str(error.response.get("Error", {}).get("Code", ""))) from error
    except (BotoCoreError, aiohttp.ClientError, OSError) as error:
        raise ObjectStoreUnreachable(type(error).__name__) from error
