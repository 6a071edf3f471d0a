"""Reading a task: its document, at once or when it is final, and its history, once or live."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.db import task_events, tasks
from gateway.db.task_events import TaskEvent
from gateway.domain.problem import overloaded
from gateway.domain.projection import FINAL
from gateway.inbound.http.openapi import tasks as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.v1.task_reader import NO_STORE, TaskReader, json_response
from gateway.usecases.follow_tasks import FollowTasks

_STREAM_HEADERS = {**NO_STORE, "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class Tasks:
    """`GET /api/v1/tasks/{id}` and its events."""

    reader: TaskReader
    follow: FollowTasks
    heartbeat_seconds: float
    max_streams: int
    most_wait_seconds: int

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        path = "/api/v1/tasks/{task_id}"
        return [
            Operation("GET", path, self.document, described.document(self.most_wait_seconds)),
            Operation("GET", f"{path}/events", self.events, described.events()),
        ]

    async def document(self, request: Request) -> Response:
        """The document; with `wait` once the task is final, or when the time is over."""
        caller = await self.reader.admit(request)
        query = Query(request)
        wait = query.whole("wait", 0, 0, self.most_wait_seconds)
        query.finish()
        row = await self.reader.row(request, caller.account_id)
        if wait and row["status"] not in FINAL:
            await self._final(row, wait)
            row = await tasks.view(self.reader.db.pool, row["id"], caller.account_id) or row
        return json_response(await self.reader.document(request, row))

    async def events(self, request: Request) -> Response:
        """A list, or a stream for who accepts `text/event-stream`."""
        caller = await self.reader.admit(request)
        row = await self.reader.row(request, caller.account_id)
        if wants_stream(request.headers.get("accept")):
            return await self._stream(request, row)
        history = await task_events.after(self.reader.db.pool, {row["id"]: 0})
        listed = {"object": "list", "data": [self.reader.writer.event(event) for event in history]}
        return json_response(orjson.dumps(listed))

    async def _final(self, row: dict[str, Any], seconds: int) -> None:
        """Wait for the final event, the end of the time, or that of this process."""
        self._admit()
        end = time.monotonic() + seconds
        with self.follow.subscribe(row["id"], row["seq"]) as subscription:
            while (left := end - time.monotonic()) > 0:
                events = await subscription.next(left)
                if events is None or any(event.type in FINAL for event in events):
                    return

    async def _stream(self, request: Request, row: dict[str, Any]) -> Response:
        after = last_event_id(request.headers.get("last-event-id"))
        if row["status"] in FINAL and await self._ended(row["id"], after):
            return Response(status_code=204)  # tells an EventSource to stop coming back
        self._admit()
        return StreamingResponse(
            self._lines(row["id"], after), media_type="text/event-stream", headers=_STREAM_HEADERS
        )

    async def _ended(self, task_id: UUID, after: int) -> bool:
        """Whether who saw that event saw the final one; what webhooks add later is for the list."""
        left = await task_events.after(self.reader.db.pool, {task_id: after})
        return not any(event.type in FINAL for event in left)

    def _admit(self) -> None:
        if self.follow.streams >= self.max_streams:
            raise overloaded()

    async def _lines(self, task_id: UUID, after: int) -> AsyncIterator[bytes]:
        """Events until the final one; a comment when nothing happens for a while."""
        with self.follow.subscribe(task_id, after) as subscription:
            yield b"retry: 1000\n\n"
            while (events := await subscription.next(self.heartbeat_seconds)) is not None:
                yield b"".join(map(self._line, events)) if events else b": heartbeat\n\n"
                if any(event.type in FINAL for event in events):
                    return

    def _line(self, event: TaskEvent) -> bytes:
        data = orjson.dumps(self.reader.writer.event(event))
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.type.encode(), data)


def wants_stream(accept: str | None) -> bool:
    """Whether `text/event-stream` is asked for by name; `*/*` is not enough."""
    for choice in (accept or "").lower().split(","):
        name, *parameters = (part.strip() for part in choice.split(";"))
        if name == "text/event-stream" and "q=0" not in parameters:
            return True
    return False


def last_event_id(header: str | None) -> int:
    """The event that a reconnecting client saw last; 0 for none or nonsense."""
    text = (header or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
