"""Deleted tasks: the objects go, then the rows that name them; nothing of theirs is stored again."""

import pytest
from runtime.db import Database
from storage.domain.task import Deleted, Succeeded
from storage.outbound.objects import ObjectStore

from tests.storage.storage_tools import Storage, succeeded, until, video

pytestmark = pytest.mark.stack


def deleted(fact: Succeeded) -> Deleted:
    return Deleted(fact.task_id, fact.account_id, fact.deadline)


async def forgotten(storage: Storage) -> bool:
    sql = "SELECT count(*) FROM deletions WHERE erased_at IS NULL"
    return await storage.db.pool.fetchval(sql) == 0 and await work(storage.db) == 0


async def work(db: Database) -> int:
    count: int = await db.pool.fetchval("SELECT count(*) FROM work")
    return count


async def test_a_deleted_tasks_objects_and_their_rows_are_gone_and_its_neighbours_stay(
    storage: Storage, store: ObjectStore, small_video: bytes
) -> None:
    mine, other = (succeeded(video(storage.serve(path, small_video))) for path in ("/mine", "/other"))
    await storage.start(eraser_idle_seconds=0.05)
    await storage.accept(mine, other)
    keys = [(await storage.word(fact)).assets[0].object_key for fact in (mine, other)]
    await storage.accept(deleted(mine), deleted(mine))
    await until(lambda: forgotten(storage))
    assert await store.head(keys[0]) is None
    assert await store.head(keys[1]) is not None
    assert [row["task_id"] for row in await storage.db.pool.fetch("SELECT task_id FROM copies")] == [
        other.task_id
    ]
    assert (await storage.row(mine))["outcome"] == "stored"


async def test_a_result_that_is_told_of_after_the_deletion_is_not_copied(storage: Storage) -> None:
    late = succeeded(video(storage.provider.url("/late")))
    await storage.accept(deleted(late))
    await storage.accept(late)
    assert await storage.db.pool.fetchval("SELECT count(*) FROM tasks") == 0
    together = succeeded(video(storage.provider.url("/late")))
    await storage.accept(together, deleted(together))
    assert await storage.db.pool.fetchval("SELECT count(*) FROM tasks") == 0
    await storage.start(eraser_idle_seconds=0.05)
    await until(lambda: forgotten(storage))


async def test_a_task_that_is_still_copied_ends_without_a_word(storage: Storage) -> None:
    fact = succeeded(video(storage.provider.url("/never")))
    await storage.accept(fact)
    await storage.accept(deleted(fact))
    await storage.start(eraser_idle_seconds=0.05)
    await until(lambda: forgotten(storage))
    assert (await storage.row(fact))["error_code"] == "deleted"
    assert await storage.said() == []


async def test_what_came_as_bytes_and_was_never_copied_goes_too(storage: Storage, store: ObjectStore) -> None:
    fact, other = succeeded(video("https://host.invalid/a")), succeeded(video("https://host.invalid/b"))
    keys = [f"inbox/{each.task_id}/1/0" for each in (fact, other)]
    for key in keys:
        async with store.upload(key, "video/mp4") as upload:
            await upload.part(b"bytes")
            await upload.complete()
    await storage.accept(fact, deleted(fact))
    await storage.start(eraser_idle_seconds=0.05)
    await until(lambda: forgotten(storage))
    assert await store.head(keys[0]) is None
    assert await store.head(keys[1]) is not None
