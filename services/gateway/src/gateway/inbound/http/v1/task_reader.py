"""What the routes below `/api/v1/tasks` share: whose task it is, and its document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ids import task_from_text
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import tasks
from gateway.domain.problem import Problem
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.documents import Writer
from gateway.inbound.http.file_links import FileLinks
from gateway.usecases.explain_attempts import ExplainAttempts
from gateway.usecases.queue_positions import QueuePositions

NO_STORE = {"Cache-Control": "no-store"}
QUEUED = "queued"


@dataclass(frozen=True, slots=True)
class TaskReader:
    """Finds tasks for callers and writes their documents."""

    admit: Admit
    db: Database
    writer: Writer
    positions: QueuePositions
    explain: ExplainAttempts
    links: FileLinks

    async def row(self, request: Request, account_id: UUID) -> dict[str, Any]:
        """The task that the path names. Raises Problem 404: another account's is no different from none."""
        text = request.path_params["task_id"]
        task_id = task_from_text(text)
        row = None if task_id is None else await tasks.view(self.db.pool, task_id, account_id)
        if row is None:
            raise not_found(text)
        return row

    async def documents(
        self, request: Request, account_id: UUID, rows: Sequence[Mapping[str, Any]]
    ) -> list[bytes]:
        """The documents of an account's tasks."""
        files = self.links.base(request)
        queued = [row["id"] for row in rows if row["status"] == QUEUED]
        positions = await self.positions(account_id, queued)
        return [self.writer.task(row, files, positions.get(row["id"])) for row in rows]

    async def document(self, request: Request, row: Mapping[str, Any]) -> bytes:
        """The document of one task, with what the dispatcher knows of a slow or failed one."""
        queued = [row["id"]] if row["status"] == QUEUED else []
        positions = await self.positions(row["account_id"], queued)
        attempts = await self.explain(row)
        files = self.links.base(request)
        return self.writer.task(row, files, positions.get(row["id"]), attempts)


def json_response(body: bytes, status: int = 200) -> Response:
    """JSON that nobody may keep."""
    return Response(body, status, NO_STORE, media_type="application/json")


def not_found(text: str) -> Problem:
    """There is no such task, or it is somebody else's."""
    return Problem(404, "task_not_found", f"There is no task {text[:100]!r}.", param="task_id")
