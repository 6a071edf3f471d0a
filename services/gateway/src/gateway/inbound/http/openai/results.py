"""Results in the answer itself: wait for tasks while the connection is held, then read what they made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ids import task_text
from runtime.db import Database

from gateway.db import links, videos
from gateway.db.keys import Caller
from gateway.db.links import Link
from gateway.domain.problem import Problem
from gateway.inbound.http.openai import documents
from gateway.outbound.objects import Objects
from gateway.usecases.await_tasks import AwaitTasks

_REFUSED = frozenset({"content_policy_violation", "input_rejected", "input_unreachable"})


@dataclass(frozen=True, slots=True)
class Result:
    """A file that a task made."""

    asset: Mapping[str, Any]
    link: Link


@dataclass(frozen=True, slots=True)
class Results:
    """Waits and reads. `seconds` is how long a connection is held."""

    await_tasks: AwaitTasks
    db: Database
    objects: Objects
    seconds: float

    async def __call__(self, caller: Caller, task_ids: Sequence[UUID], kind: str) -> list[Result]:
        """The first result of each task. Raises Problem: 504 past the limit (the tasks live on), 400 or 502
        for one that failed."""
        await self.await_tasks(task_ids, self.seconds)
        rows = await videos.several(self.db.pool, caller.account_id, task_ids)
        return [await self._result(rows, task_id, kind) for task_id in task_ids]

    async def content(self, result: Result) -> bytes:
        """All bytes of a result: pictures and speech, so megabytes at most."""
        link = result.link
        if link.size_bytes == 0:
            return b""
        chunks = await self.objects.read(link.bucket, link.object_key, 0, link.size_bytes - 1)
        return b"".join([chunk async for chunk in chunks])

    async def _result(self, rows: Mapping[UUID, Mapping[str, Any]], task_id: UUID, kind: str) -> Result:
        row = rows[task_id]
        failure = documents.error(row)
        if failure is not None:
            raise _failed(failure)
        if row["status"] != "succeeded":
            raise _still_running(task_id)
        asset = documents.first_asset(row, kind)
        link = await links.find(self.db.pool, asset["token"]) if asset else None
        if asset is None or link is None:
            raise Problem(404, "result_deleted", "The result of this request was deleted.")
        return Result(asset, link)


def _failed(failure: Mapping[str, str]) -> Problem:
    code = failure["code"]
    status = 400 if code in _REFUSED else 402 if code == "insufficient_quota" else 502
    return Problem(status, code, failure["message"])


def _still_running(task_id: UUID) -> Problem:
    text = task_text(task_id)
    message = (
        f"Not done in time. The task {text} goes on: see GET /api/v1/tasks/{text}, or send this request "
        "again with the same Idempotency-Key."
    )
    return Problem(504, "timeout", message)
