import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
from aiobotocore.session import get_session
from contracts.ids import uuid7
from runtime.objects.errors import ObjectStoreError
from storage.outbound.objects import PART_BYTES, ObjectStore, StoreConfig, open_store

pytestmark = pytest.mark.stack


@pytest.fixture
async def key(store: ObjectStore) -> AsyncIterator[str]:
    name = f"tests/objects/{uuid4()}"
    yield name
    await store.delete(name)


async def read(store: ObjectStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    async with store.read(key, start, end) as opened:
        return b"".join([chunk async for chunk in opened.chunks])


async def unfinished_uploads(config: StoreConfig, prefix: str) -> int:
    session = get_session()
    async with session.create_client(
        "s3",
        endpoint_url=config.endpoint,
        region_name="us-east-1",
        aws_access_key_id=config.access_key,
        aws_secret_access_key=config.secret_key,
    ) as client:
        answer = await client.list_multipart_uploads(Bucket=config.bucket)
    return sum(upload["Key"].startswith(prefix) for upload in answer.get("Uploads", []))


async def test_a_small_object_appears_with_its_type_and_size_when_completed(
    store: ObjectStore, key: str
) -> None:
    async with store.upload(key, "video/mp4") as upload:
        await upload.part(b"hello")
        assert await store.head(key) is None
        await upload.complete()
    info = await store.head(key)
    assert info is not None
    assert (info.size_bytes, info.content_type) == (5, "video/mp4")
    assert await read(store, key) == b"hello"


async def test_an_object_of_several_parts_is_the_same_bytes(store: ObjectStore, key: str) -> None:
    parts = [bytearray([n]) * PART_BYTES for n in (1, 2)] + [bytearray(b"end")]
    async with store.upload(key, "video/mp4") as upload:
        for part in parts:
            await upload.part(bytes(part))
        assert await store.head(key) is None
        await upload.complete()
    info = await store.head(key)
    assert info is not None
    assert info.size_bytes == 2 * PART_BYTES + 3
    assert info.content_type == "video/mp4"
    assert await read(store, key) == b"".join(parts)


async def test_a_range_is_read_and_says_how_long_the_whole_is(store: ObjectStore, key: str) -> None:
    async with store.upload(key, "text/plain") as upload:
        await upload.part(b"0123456789")
        await upload.complete()
    async with store.read(key, 2, 4) as opened:
        assert (opened.start, opened.length, opened.total_bytes) == (2, 3, 10)
        assert b"".join([chunk async for chunk in opened.chunks]) == b"234"
    assert await read(store, key, 7) == b"789"
    with pytest.raises(ObjectStoreError) as caught:
        await read(store, key, 10)
    assert caught.value.code == "InvalidRange"


@pytest.mark.parametrize("size", [5, PART_BYTES + 5])
async def test_leaving_without_completing_leaves_nothing(
    store: ObjectStore, store_config: StoreConfig, key: str, size: int
) -> None:
    async with store.upload(key, "video/mp4") as upload:
        for start in range(0, size, PART_BYTES):
            await upload.part(bytes(min(PART_BYTES, size - start)))
    assert await store.head(key) is None
    assert await unfinished_uploads(store_config, key) == 0


async def test_a_cancelled_upload_is_aborted(store: ObjectStore, store_config: StoreConfig, key: str) -> None:
    begun = asyncio.Event()

    async def stuck() -> None:
        async with store.upload(key, "video/mp4") as upload:
            await upload.part(bytes(PART_BYTES))
            await upload.part(b"x")
            begun.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(stuck())
    await begun.wait()
    assert await unfinished_uploads(store_config, key) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await unfinished_uploads(store_config, key) == 0
    assert await store.head(key) is None


async def test_what_is_not_there_has_no_head_and_can_not_be_read(store: ObjectStore) -> None:
    assert await store.head("tests/objects/never") is None
    with pytest.raises(ObjectStoreError) as caught:
        await read(store, "tests/objects/never")
    assert caught.value.code == "NoSuchKey"
    await store.delete("tests/objects/never")


async def test_a_store_that_is_down_or_refuses_us_says_so(store_config: StoreConfig) -> None:
    down = StoreConfig("framebus", "x", "y", endpoint="http://127.0.0.1:1")
    wrong = StoreConfig(store_config.bucket, store_config.access_key, "wrong", endpoint=store_config.endpoint)
    codes = []
    for config in (down, wrong):
        async with open_store(config) as store:
            with pytest.raises(ObjectStoreError) as caught:
                await store.ready()
            codes.append(caught.value.code)
    assert codes == ["unreachable", "403"]


async def test_a_store_that_answers_is_ready(store: ObjectStore) -> None:
    await store.ready()


async def test_closing_the_reader_early_lets_the_connection_go(store: ObjectStore, key: str) -> None:
    async with store.upload(key, "video/mp4") as upload:
        await upload.part(bytes(PART_BYTES))
        await upload.complete()

    async def first_chunk() -> bytes:
        async with store.read(key) as opened:
            chunks: AsyncIterator[bytes] = opened.chunks
            return await anext(chunks)

    async with asyncio.timeout(60):
        assert all(await asyncio.gather(*(first_chunk() for _ in range(120))))


async def test_the_bucket_is_made_once(store_config: StoreConfig) -> None:
    async with open_store(replace(store_config, bucket=f"made-{uuid7()}")) as fresh:
        with pytest.raises(ObjectStoreError):
            await fresh.ready()
        assert [await fresh.make_bucket(), await fresh.make_bucket()] == [True, False]
        await fresh.ready()
