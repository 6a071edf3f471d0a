"""Find objects that no row names and uploads that were never finished, and remove them if told to.

They are what killed workers leave behind. Objects are written before their row, so what is being copied is
left alone: the objects of tasks that haven't ended, and whatever is young ("old" is by the object store's
clock against ours, far longer than any copy takes).
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from contracts.ids import task_from_text
from runtime.db import Connection

from storage.domain.copy import RESULTS
from storage.domain.inbox import INBOX, task_of
from storage.outbound.objects import ListedObject, ObjectStore

_ENDED = "SELECT task_id FROM tasks WHERE task_id = ANY($1::uuid[]) AND ended_at IS NOT NULL"
_OPEN = "SELECT task_id FROM tasks WHERE task_id = ANY($1::uuid[]) AND ended_at IS NULL"
_KNOWN = "SELECT task_id FROM tasks WHERE task_id = ANY($1::uuid[])"
_NAMED = "SELECT object_key FROM copies WHERE task_id = ANY($1::uuid[]) AND object_key IS NOT NULL"


UNHEARD_OF: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Orphan:
    """Something that nobody will ask for. `size_bytes` is None for an unfinished upload."""

    key: str
    since: datetime
    size_bytes: int | None


async def sweep_orphans(
    conn: Connection, store: ObjectStore, before: datetime, *, delete: bool
) -> AsyncIterator[Orphan]:
    """Yield what is older than `before` and nobody's; with `delete` it is gone when it is yielded."""
    async for page in store.listed(RESULTS):
        for found in await _unnamed(conn, [each for each in page if each.modified_at < before]):
            if delete:
                await store.delete(found.key)
            yield Orphan(found.key, found.modified_at, found.size_bytes)
    async for page in store.listed(INBOX):
        for found in await _left_behind(conn, [each for each in page if each.modified_at < before], before):
            if delete:
                await store.delete(found.key)
            yield Orphan(found.key, found.modified_at, found.size_bytes)
    old = [each for each in await store.unfinished(RESULTS) if each.begun_at < before]
    being_copied = await _open(conn, [_task(each.key) for each in old])
    for upload in old:
        if _task(upload.key) in being_copied:
            continue
        if delete:
            await store.abort(upload)
        yield Orphan(upload.key, upload.begun_at, None)


async def _unnamed(conn: Connection, objects: Sequence[ListedObject]) -> list[ListedObject]:
    tasks = {each.key: _task(each.key) for each in objects}
    being_copied = await _open(conn, tasks.values())  # before the names: who ends in between has them
    ended = {task for task in tasks.values() if task is not None and task not in being_copied}
    named = {row["object_key"] for row in await conn.fetch(_NAMED, list(ended))} if ended else set()
    return [each for each in objects if tasks[each.key] in ended and each.key not in named]


async def _open(conn: Connection, tasks: Iterable[UUID | None]) -> set[UUID]:
    """Those that are still to be copied."""
    ours = [task for task in tasks if task is not None]
    return {row["task_id"] for row in await conn.fetch(_OPEN, ours)} if ours else set()


async def _left_behind(
    conn: Connection, objects: Sequence[ListedObject], before: datetime
) -> list[ListedObject]:
    """What lies in the inbox of a task that has ended, or that no event that Kafka still keeps tells of."""
    tasks = {each.key: task_of(each.key) for each in objects}
    ours = [task for task in tasks.values() if task is not None]
    ended = {row["task_id"] for row in await conn.fetch(_ENDED, ours)} if ours else set()
    known = {row["task_id"] for row in await conn.fetch(_KNOWN, ours)} if ours else set()
    return [
        each
        for each in objects
        if tasks[each.key] in ended
        or (tasks[each.key] not in known and each.modified_at < before - UNHEARD_OF)
    ]


def _task(key: str) -> UUID | None:
    """The task that an object was copied for; None when the key is none of ours, and is left alone."""
    return task_from_text(key.removeprefix(RESULTS).partition("/")[0])
