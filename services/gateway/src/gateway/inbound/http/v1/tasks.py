"""Reading a task: its document and its history, once or live."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from contracts.ids import task_from_text
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.db import task_events, tasks
from gateway.db.task_events import TaskEvent
from gateway.domain.problem import Problem, overloaded
from gateway.domain.projection import FINAL
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.documents import Writer
from gateway.inbound.http.headers import base_url
from gateway.inbound.http.openapi import tasks as described
from gateway.inbound.http.operation import Operation
from gateway.usecases.follow_tasks import FollowTasks

_STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class Tasks:
    """The routes below `/api/v1/tasks/{id}`."""

    admit: Admit
    db: Database
    writer: Writer
    follow: FollowTasks
    public_url: str | None
    heartbeat_seconds: float
    max_streams: int

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("GET", "/api/v1/tasks/{task_id}", self.document, described.document()),
            Operation("GET", "/api/v1/tasks/{task_id}/events", self.events, described.events()),
        ]

    async def document(self, request: Request) -> Response:
        """`GET /api/v1/tasks/{task_id}`."""
        row = await self._row(request)
        return Response(
            self.writer.task(row, f"{base_url(request, self.public_url)}/files"),
            headers={"Cache-Control": "no-store"},
            media_type="application/json",
        )

    async def events(self, request: Request) -> Response:
        """`GET /api/v1/tasks/{task_id}/events`: a list, or a stream for who accepts `text/event-stream`."""
        row = await self._row(request)
        if wants_stream(request.headers.get("accept")):
            return await self._stream(request, row)
        history = await task_events.after(self.db.pool, {row["id"]: 0})
        listed = {"object": "list", "data": [self.writer.event(event) for event in history]}
        return Response(
            orjson.dumps(listed), headers={"Cache-Control": "no-store"}, media_type="application/json"
        )

    async def _row(self, request: Request) -> dict[str, Any]:
        caller = await self.admit(request)
        text = request.path_params["task_id"]
        task_id = task_from_text(text)
        row = None if task_id is None else await tasks.view(self.db.pool, task_id, caller.account_id)
        if row is None:  # another account's task is no different from none
            raise Problem(404, "task_not_found", f"There is no task {text[:100]!r}.", param="task_id")
        return row

    async def _stream(self, request: Request, row: dict[str, Any]) -> Response:
        after = last_event_id(request.headers.get("last-event-id"))
        if row["status"] in FINAL and await self._ended(row["id"], after):
            return Response(status_code=204)  # tells an EventSource to stop coming back
        if self.follow.streams >= self.max_streams:
            raise overloaded()
        return StreamingResponse(
            self._lines(row["id"], after), media_type="text/event-stream", headers=_STREAM_HEADERS
        )

    async def _ended(self, task_id: UUID, after: int) -> bool:
        """Whether who saw that event saw the final one; what webhooks add later is for the list."""
        left = await task_events.after(self.db.pool, {task_id: after})
        return not any(event.type in FINAL for event in left)

    async def _lines(self, task_id: UUID, after: int) -> AsyncIterator[bytes]:
        """Events until the final one; a comment when nothing happens for a while."""
        with self.follow.subscribe(task_id, after) as subscription:
            yield b"retry: 1000\n\n"
            while (events := await subscription.next(self.heartbeat_seconds)) is not None:
                yield b"".join(map(self._line, events)) if events else b": heartbeat\n\n"
                if any(event.type in FINAL for event in events):
                    return

    def _line(self, event: TaskEvent) -> bytes:
        data = orjson.dumps(self.writer.event(event))
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
