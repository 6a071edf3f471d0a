"""`GET /api/status`, `POST /api/cancel`, `GET /api/queue`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from contracts.ids import task_from_text, task_text
from pydantic import Field
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import generations, task_lists, videos
from gateway.domain import quickstart
from gateway.domain.problem import Problem
from gateway.inbound.http.admit import Admit
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.forms import Form, read_form
from gateway.inbound.http.openapi import quickstart_jobs as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.quickstart import documents
from gateway.usecases.cancel_task import CancelTask
from gateway.usecases.queue_positions import QueuePositions

MOST_SHOWN = 100


class CancelForm(Form):
    """The body of a cancel."""

    job_id: Annotated[str, Field(min_length=1, max_length=100)]


@dataclass(frozen=True, slots=True)
class Jobs:
    """The routes."""

    admit: Admit
    db: Database
    positions: QueuePositions
    cancel_task: CancelTask
    links: FileLinks

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("GET", "/api/status", self.status, described.status()),
            Operation("POST", "/api/cancel", self.cancel, described.cancel()),
            Operation("GET", "/api/queue", self.queue, described.queue()),
        ]

    async def status(self, request: Request) -> Response:
        """How a job stands."""
        caller = await self.admit(request)
        query = Query(request)
        job_id = query.text("job_id")
        query.finish()
        if job_id is None:
            raise Problem(400, "required", "job_id is required", param="job_id")
        row = await self._row(caller.account_id, job_id)
        return documents.json_response(await self._job(request, row))

    async def cancel(self, request: Request) -> Response:
        """200 with the job; 400 for one that has ended otherwise."""
        caller = await self.admit(request)
        form = await read_form(request, CancelForm)
        row = await self._row(caller.account_id, form.job_id)
        outcome = await self.cancel_task(caller.account_id, row["id"])
        shown = await self._job(request, await self._row(caller.account_id, form.job_id))
        if outcome == "final":
            message = "This job is over: there is nothing to cancel."
            raise Problem(400, "job_final", message, param="job_id", context={"job": shown})
        return documents.json_response(shown)

    async def queue(self, request: Request) -> Response:
        """The account's jobs that are not over; accounts take turns, so only its own go before them."""
        caller = await self.admit(request)
        Query(request).finish()
        waiting = await task_lists.waiting(self.db.pool, caller.account_id)
        places = {task_id: number for number, task_id in enumerate(waiting, 1)}
        active = await task_lists.unfinished(self.db.pool, caller.account_id, MOST_SHOWN)
        shown = [_active(row, places.get(row["id"])) for row in active]
        first = 1 if waiting else None
        return documents.json_response(
            {"queue_length": len(waiting), "position": first, "active_jobs": shown}
        )

    async def _job(self, request: Request, row: Mapping[str, Any]) -> dict[str, Any]:
        queued = [row["id"]] if row["status"] == "queued" else []
        places = await self.positions(row["account_id"], queued)
        numbers = await generations.numbers(self.db.pool, row["account_id"], [row["id"]])
        return documents.job(row, self.links.at(request), numbers.get(row["id"]), places.get(row["id"]))

    async def _row(self, account_id: UUID, job_id: str) -> dict[str, Any]:
        task_id = task_from_text(job_id)
        row = None if task_id is None else await videos.one(self.db.pool, account_id, task_id)
        if row is None:
            raise Problem(404, "job_not_found", f"There is no job {job_id[:100]!r}.", param="job_id")
        return row


def _active(row: Mapping[str, Any], position: int | None) -> dict[str, Any]:
    return {
        "job_id": task_text(row["id"]),
        "status": quickstart.STATUSES[row["status"]],
        "progress": row["percent"] or 0,
        "position": position,
        "model": row["model"],
    }
