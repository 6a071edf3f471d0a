import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiobotocore.session import get_session
from contracts.ids import task_text, uuid7
from runtime import failpoints
from storage.outbound.objects import PART_BYTES, ObjectStore, StoreConfig, open_store
from storage.usecases.sweep_orphans import sweep_orphans

from tests.storage.storage_tools import Storage, succeeded, video

pytestmark = pytest.mark.stack


@pytest.fixture
async def store_config(store_config: StoreConfig) -> AsyncIterator[StoreConfig]:
    """A bucket of our own: other tests' objects are named in other databases, and would go."""
    own = replace(store_config, bucket=f"sweep-{uuid7()}")
    session = get_session()
    async with session.create_client(
        "s3",
        endpoint_url=own.endpoint,
        region_name=own.region,
        aws_access_key_id=own.access_key,
        aws_secret_access_key=own.secret_key,
    ) as client:
        await client.create_bucket(Bucket=own.bucket)
        yield own
        left = await client.list_objects_v2(Bucket=own.bucket)
        for each in left.get("Contents", []):
            await client.delete_object(Bucket=own.bucket, Key=each["Key"])
        await client.delete_bucket(Bucket=own.bucket)


@pytest.fixture
async def store(store_config: StoreConfig) -> AsyncIterator[ObjectStore]:
    async with open_store(store_config) as opened:
        yield opened


async def put(store: ObjectStore, key: str) -> str:
    async with store.upload(key, "video/mp4") as upload:
        await upload.part(b"x")
        await upload.complete()
    return key


async def swept(storage: Storage, store: ObjectStore, before: datetime, *, delete: bool) -> set[str]:
    orphans = sweep_orphans(storage.db.pool, store, before, delete=delete)
    return {orphan.key async for orphan in orphans}


async def test_only_old_objects_that_no_row_names_go_and_only_when_told_to(
    storage: Storage, store: ObjectStore, small_video: bytes
) -> None:
    fact = succeeded(video(storage.serve("/a", small_video)))
    await storage.start()
    await storage.accept(fact)
    kept = (await storage.word(fact)).assets[0].object_key
    late = await put(store, kept.replace("0-1", "0-9"))
    unknown = await put(store, f"results/{task_text(uuid7())}/1/0-1.mp4")
    foreign = await put(store, f"results/{uuid7()}.txt")
    soon, long_ago = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)

    assert await swept(storage, store, long_ago, delete=True) == set()
    assert await swept(storage, store, soon, delete=False) == {late, unknown}
    assert await store.head(late) is not None
    assert await swept(storage, store, soon, delete=True) == {late, unknown}
    gone = [await store.head(key) is None for key in (late, unknown, kept, foreign)]
    assert gone == [True, True, False, False]


async def test_what_is_being_copied_is_left_alone_and_its_row_finds_it(
    storage: Storage, store: ObjectStore, small_video: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failed without the tasks that haven't ended (`_open`): the sweep took what was being copied."""
    soon, written, go_on = datetime.now(UTC) + timedelta(hours=1), asyncio.Event(), asyncio.Event()

    async def reach(place: str) -> None:
        if place == "storage.uploaded":
            written.set()
            await go_on.wait()

    monkeypatch.setattr(failpoints, "reach", reach)
    fact = succeeded(video(storage.serve("/a", small_video)))
    prefix = f"results/{task_text(fact.task_id)}/"
    await storage.start()
    await storage.accept(fact)
    await asyncio.wait_for(written.wait(), 60)
    there = [each.key async for page in store.listed(prefix) for each in page]
    async with store.upload(f"{prefix}1/1-1.mp4", "video/mp4") as upload:
        await upload.part(bytes(PART_BYTES))
        await upload.part(b"x")
        assert await swept(storage, store, soon, delete=True) == set()
        go_on.set()
        assert [asset.object_key for asset in (await storage.word(fact)).assets] == there
        assert await store.head(there[0]) is not None
        assert await swept(storage, store, soon, delete=True) == {f"{prefix}1/1-1.mp4"}


async def test_an_upload_that_was_never_finished_is_dropped(storage: Storage, store: ObjectStore) -> None:
    key = f"results/{task_text(uuid7())}/1/0-1.mp4"
    soon = datetime.now(UTC) + timedelta(hours=1)
    async with store.upload(key, "video/mp4") as upload:
        await upload.part(bytes(PART_BYTES))
        await upload.part(b"x")
        assert await swept(storage, store, soon, delete=False) == {key}
        assert len(await store.unfinished("results/")) == 1
        assert await swept(storage, store, soon, delete=True) == {key}
    assert await store.unfinished("results/") == []


async def test_the_inbox_is_swept_of_ended_tasks_and_of_those_nobody_ever_told_of(
    storage: Storage, store: ObjectStore, small_video: bytes
) -> None:
    ended = succeeded(video(storage.serve("/a", small_video)))
    waiting, unheard_of = succeeded(video("http://127.0.0.1:1/b")), uuid7()
    await storage.accept(ended, waiting)
    keys = [await put(store, f"inbox/{each}/1/0") for each in (ended.task_id, waiting.task_id, unheard_of)]
    await storage.db.pool.execute(
        "UPDATE tasks SET ended_at = now(), outcome = 'stored' WHERE task_id = $1", ended.task_id
    )
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert await swept(storage, store, datetime.now(UTC) - timedelta(days=1), delete=True) == set()
    assert await swept(storage, store, tomorrow, delete=True) == {keys[0]}
    assert await swept(storage, store, tomorrow + timedelta(days=8), delete=True) == {keys[2]}
