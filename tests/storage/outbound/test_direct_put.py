import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from runtime.egress.testing import RawServer
from runtime.objects.direct_put import DirectPut, open_direct_put
from runtime.objects.errors import ObjectStoreError
from runtime.objects.signing import Signer, object_url
from storage.outbound.objects import ObjectStore, StoreConfig

SIGNER = Signer("access", "secret", "eu-west-1")
KEY = "/bucket/results/1.mp4"


@pytest.mark.parametrize("key", ["results/task_1/1/0-1.mp4", "odd/ü & ?#+~.mp4"])
def test_botocore_signs_the_same(key: str) -> None:
    url = object_url("https://s3.example:9000/", "bucket", key)
    body, at = b"content", datetime.now(UTC)
    digest = sha256(body).hexdigest()
    request = AWSRequest("PUT", url, {"Content-Type": "video/mp4", "X-Amz-Content-SHA256": digest}, body)
    S3SigV4Auth(Credentials("access", "secret"), "s3", "eu-west-1").add_auth(request)
    stamp = datetime.strptime(request.context["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs(stamp - at).total_seconds() < 60
    ours = SIGNER.put(url, "video/mp4", digest, stamp)
    assert ours["authorization"] == request.headers["Authorization"]


def test_the_key_of_a_day_is_not_used_the_next_day() -> None:
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
    first, second = (SIGNER.put("http://s3/b/k", "video/mp4", "0", day)["authorization"] for day in days)
    assert first != second


@pytest.mark.stack
async def test_a_store_refuses_a_body_that_changed_on_its_way(
    store: ObjectStore, store_config: StoreConfig
) -> None:
    key = f"tests/put/{uuid4()}"
    async with opened(str(store_config.endpoint), store_config) as put:
        with pytest.raises(ObjectStoreError) as caught:
            await put._try(key, "video/mp4", b"what came", sha256(b"what was sent").hexdigest())
    assert caught.value.code in {"XAmzContentSHA256Mismatch", "BadDigest", "SignatureDoesNotMatch"}
    assert await store.head(key) is None


@pytest.mark.stack
async def test_a_wrong_secret_is_refused_by_the_stores_own_code(store_config: StoreConfig) -> None:
    wrong = StoreConfig(store_config.bucket, store_config.access_key, "wrong")
    async with opened(str(store_config.endpoint), wrong) as put:
        with pytest.raises(ObjectStoreError) as caught:
            await put("tests/put/never", "video/mp4", b"x")
    assert caught.value.code == "SignatureDoesNotMatch"


@pytest.mark.stack
async def test_a_large_body_arrives_as_it_is(store: ObjectStore, store_config: StoreConfig) -> None:
    key, body = f"tests/put/{uuid4()}", bytearray(range(256)) * 20_000
    async with opened(str(store_config.endpoint), store_config) as put:
        await put(key, "video/mp4", body)
    async with store.read(key) as found:
        assert b"".join([chunk async for chunk in found.chunks]) == body
    await store.delete(key)


async def test_a_busy_store_is_asked_again_a_few_times(provider: RawServer) -> None:
    answers = iter(["503 Slow Down", "503 Slow Down", "200 OK"])

    async def busy(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {next(answers)}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode())

    provider.routes[KEY] = busy
    async with open_direct_put(provider.url(""), "bucket", SIGNER, 2) as put:
        await put("results/1.mp4", "video/mp4", b"x")
    assert len(provider.seen) == 3


async def test_a_store_that_stays_busy_says_so_in_its_own_words(provider: RawServer) -> None:
    body = b"<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>"
    provider.answer(KEY, f"503 Slow Down\r\ncontent-length: {len(body)}", body)
    async with open_direct_put(provider.url(""), "bucket", SIGNER, 2) as put:
        with pytest.raises(ObjectStoreError) as caught:
            await put("results/1.mp4", "video/mp4", b"x")
    assert (caught.value.code, len(provider.seen)) == ("SlowDown", 3)


async def test_a_refusal_is_not_repeated(provider: RawServer) -> None:
    provider.answer(KEY, "403 Forbidden\r\ncontent-length: 0")
    async with open_direct_put(provider.url(""), "bucket", SIGNER, 2) as put:
        with pytest.raises(ObjectStoreError) as caught:
            await put("results/1.mp4", "video/mp4", b"x")
    assert (caught.value.code, len(provider.seen)) == ("403", 1)


def opened(endpoint: str, config: StoreConfig) -> AbstractAsyncContextManager[DirectPut]:
    signer = Signer(config.access_key, config.secret_key, config.region)
    return open_direct_put(endpoint, config.bucket, signer, 2)
