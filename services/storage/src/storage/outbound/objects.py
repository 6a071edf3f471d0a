"""The operator's object storage through the S3 protocol: uploads in parts, ranged reads, nothing held whole.

Works with AWS S3, Cloudflare R2, SeaweedFS and S3Proxy. An object appears only when its upload is completed.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import aioboto3
import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, ClientError
from runtime.objects.direct_put import DirectPut, open_direct_put
from runtime.objects.errors import ObjectStoreError
from runtime.objects.signing import Signer
from runtime.objects.slim import only_s3

PART_BYTES: Final = 5 * 1024 * 1024
"""R2 wants all parts but the last to be equal and at least 5 MiB; at most 10 000 of them. A copy has about
three times as much in memory."""
_READ_BYTES: Final = 64 * 1024
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where the storage is and how to sign for it. ``endpoint`` None means AWS itself."""

    bucket: str
    access_key: str
    secret_key: str
    endpoint: str | None = None
    region: str = "us-east-1"
    max_connections: int = 50


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What HEAD says of an object."""

    size_bytes: int
    content_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class ObjectRange:
    """A part of an object or all of it, still to be read once. ``total_bytes`` is the whole object's size."""

    start: int
    length: int
    total_bytes: int
    content_type: str
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object in a listing."""

    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class UnfinishedUpload:
    """Parts that were sent and never joined: invisible, and paid for."""

    key: str
    upload_id: str
    begun_at: datetime


class Upload:
    """One object on its way: parts in order, then ``complete``. Everything else leaves no object behind."""

    def __init__(self, client: Any, put: DirectPut, bucket: str, key: str, content_type: str) -> None:
        self._client = client
        self._put = put
        self._target = {"Bucket": bucket, "Key": key}
        self._content_type = content_type
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []
        self._held: bytes | bytearray | None = None
        self._size = 0

    async def part(self, data: bytes | bytearray) -> None:
        """Take the next part; all but the last must have ``PART_BYTES``. Takes over a bytearray.

        Only the first one is held back: it may be all there is.
        """
        self._size += len(data)
        if self._size == len(data):
            self._held = data
            return
        if self._held is not None:
            await self._send(self._held)
            self._held = None
        await self._send(data)

    async def complete(self) -> None:
        """Make the object appear whole: one part is put with its hash, more are joined and measured."""
        if self._upload_id is None:
            await self._put(self._target["Key"], self._content_type, self._held or b"")
        else:
            with _store_errors():
                await self._join()
            await self._verify()
        self._held = None

    async def abort(self) -> None:
        """Drop the parts that were sent; harmless when there are none."""
        self._held = None
        if self._upload_id is not None:
            upload_id, self._upload_id = self._upload_id, None
            with _store_errors():
                await self._client.abort_multipart_upload(**self._target, UploadId=upload_id)

    async def _send(self, data: bytes | bytearray) -> None:
        with _store_errors():
            if self._upload_id is None:
                made = await self._client.create_multipart_upload(
                    **self._target, ContentType=self._content_type
                )
                self._upload_id = made["UploadId"]
            number = len(self._parts) + 1
            sent = await self._client.upload_part(
                **self._target, UploadId=self._upload_id, PartNumber=number, Body=data
            )
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})

    async def _join(self) -> None:
        await self._client.complete_multipart_upload(
            **self._target, UploadId=self._upload_id, MultipartUpload={"Parts": self._parts}
        )
        self._upload_id = None

    async def _verify(self) -> None:
        with _store_errors():
            info = _info(await self._client.head_object(**self._target))
        if info.size_bytes != self._size:
            raise ObjectStoreError("incomplete", f"{info.size_bytes} of {self._size} bytes were stored")


class ObjectStore:
    """One bucket, through one client that stays open as long as the process."""

    def __init__(self, client: Any, put: DirectPut, bucket: str) -> None:
        self._client = client
        self._put = put
        self._bucket = bucket

    @property
    def bucket(self) -> str:
        """Its name."""
        return self._bucket

    async def ready(self) -> None:
        """Return when the bucket answers; ObjectStoreError when it doesn't."""
        with _store_errors():
            await self._client.head_bucket(Bucket=self._bucket)

    async def make_bucket(self) -> bool:
        """Make the bucket unless it is there; whether it was made."""
        with _store_errors():
            try:
                await self._client.head_bucket(Bucket=self._bucket)
            except ClientError:  # missing or not ours: making it tells which
                await self._client.create_bucket(Bucket=self._bucket)
                return True
        return False

    @asynccontextmanager
    async def upload(self, key: str, content_type: str) -> AsyncIterator[Upload]:
        """Begin an object. Leaving without ``complete``, by whatever way, aborts it."""
        upload = Upload(self._client, self._put, self._bucket, key, content_type)
        try:
            yield upload
        finally:
            # Shielded: a cancelled worker must not leave parts behind that cost money for ever.
            with contextlib.suppress(ObjectStoreError, TimeoutError):
                await asyncio.shield(asyncio.wait_for(upload.abort(), timeout=10))

    async def head(self, key: str) -> ObjectInfo | None:
        """Return what is stored under a key, None when nothing is."""
        try:
            with _store_errors():
                return _info(await self._client.head_object(Bucket=self._bucket, Key=key))
        except ObjectStoreError as error:
            if error.code in _MISSING:
                return None
            raise

    @asynccontextmanager
    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[ObjectRange]:
        """Open bytes ``start`` to ``end`` (inclusive, None = the last) of an object.

        ObjectStoreError ``NoSuchKey`` or ``InvalidRange`` says that there is nothing to read.
        """
        asked = {"Range": f"bytes={start}-{'' if end is None else end}"} if start or end is not None else {}
        with _store_errors():
            answer = await self._client.get_object(Bucket=self._bucket, Key=key, **asked)
        length = int(answer["ContentLength"])
        total = str(answer.get("ContentRange", "")).rpartition("/")[2]
        content_type = str(answer.get("ContentType", ""))
        async with answer["Body"]:
            yield ObjectRange(start, length, int(total or length), content_type, _chunks(answer["Body"]))

    async def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
        with _store_errors():
            await self._client.delete_object(Bucket=self._bucket, Key=key)

    async def discard(self, key: str) -> None:
        """Remove an object that nobody needs, if that is possible now; never raises."""
        with contextlib.suppress(ObjectStoreError):
            await self.delete(key)

    async def listed(self, prefix: str) -> AsyncIterator[list[ListedObject]]:
        """Yield all objects under a prefix, up to a thousand at once."""
        with _store_errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            async for page in pages:
                yield [
                    ListedObject(each["Key"], int(each["Size"]), each["LastModified"])
                    for each in page.get("Contents", [])
                ]

    async def unfinished(self, prefix: str) -> list[UnfinishedUpload]:
        """Return the uploads in parts under a prefix that were begun and not completed."""
        found = []
        with _store_errors():
            pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket)
            async for page in pages:
                found += [
                    UnfinishedUpload(each["Key"], each["UploadId"], each["Initiated"])
                    for each in page.get("Uploads", [])
                ]
        return [upload for upload in found if upload.key.startswith(prefix)]

    async def abort(self, upload: UnfinishedUpload) -> None:
        """Drop the parts of an unfinished upload."""
        with _store_errors():
            await self._client.abort_multipart_upload(
                Bucket=self._bucket, Key=upload.key, UploadId=upload.upload_id
            )


@asynccontextmanager
async def open_store(config: StoreConfig) -> AsyncIterator[ObjectStore]:
    """Open the store's client; one per process."""
    session = aioboto3.Session(
        botocore_session=only_s3(AioSession()),
        aws_access_key_id=config.access_key,
        aws_secret_access_key=config.secret_key,
        region_name=config.region,
    )
    signer = Signer(config.access_key, config.secret_key, config.region)
    async with (
        session.client(
            "s3", endpoint_url=config.endpoint, config=_client_config(config.max_connections)
        ) as client,
        open_direct_put(client.meta.endpoint_url, config.bucket, signer, config.max_connections) as put,
    ):
        yield ObjectStore(client, put, config.bucket)


def _client_config(max_connections: int) -> AioConfig:
    """Set what S3 clones need: path style, v4 signatures, checksums only where the protocol wants them."""
    return AioConfig(
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"},
        max_pool_connections=max_connections,
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 3},
    )


async def _chunks(body: Any) -> AsyncIterator[bytes]:
    with _store_errors():
        while chunk := await body.read(_READ_BYTES):
            yield chunk


def _info(answer: dict[str, Any]) -> ObjectInfo:
    return ObjectInfo(
        size_bytes=int(answer["ContentLength"]),
        content_type=str(answer.get("ContentType", "application/octet-stream")),
        etag=str(answer["ETag"]).strip('"'),
    )


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        raise ObjectStoreError(code, f"object storage answered {code}") from error
    except (BotoCoreError, aiohttp.ClientError, OSError) as error:
        raise ObjectStoreError("unreachable", "object storage can't be reached") from error
