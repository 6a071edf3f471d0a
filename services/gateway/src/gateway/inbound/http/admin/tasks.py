"""`GET /api/v1/admin/tasks…`: tasks of any account."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from contracts.ids import task_from_text, task_text, to_text
from runtime.db import Database
from starlette.requests import Request
from starlette.responses import Response

from gateway.db import task_events, task_search
from gateway.db.task_search import Search
from gateway.domain.problem import Problem
from gateway.inbound.http.admin.door import (
    PATH,
    Door,
    account_parameter,
    account_text,
    json,
    limit_of,
    uuid_from,
)
from gateway.inbound.http.documents import Writer
from gateway.inbound.http.file_links import FileLinks
from gateway.inbound.http.openapi import admin_tasks as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.query import Query
from gateway.inbound.http.v1.task_list import STATUSES
from gateway.outbound.services import Services
from gateway.usecases.tell_story import tell_story

TASKS = f"{PATH}/tasks"


@dataclass(frozen=True, slots=True)
class AnyTasks:
    """The routes."""

    door: Door
    db: Database
    services: Services
    writer: Writer
    links: FileLinks

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        return [
            Operation("GET", TASKS, self.page, described.search()),
            Operation("GET", f"{TASKS}/{{task_id}}", self.document, described.document()),
            Operation("GET", f"{TASKS}/{{task_id}}/trace", self.story, described.story()),
        ]

    async def page(self, request: Request) -> Response:
        """Newest first, by filters; or those of a `provider_job_id`, and nothing else."""
        await self.door(request)
        query = Query(request)
        job_id = query.text("provider_job_id")
        if job_id:
            query.finish()
            ids = [UUID(each) for each in await self.services.tasks_of_job(job_id)]
            return self._listed(request, await task_search.several(self.db.pool, ids), None)
        limit, search = limit_of(query), _search(query)
        filters = search.filters()
        after = self.door.after(query, filters)
        query.finish()
        found = await task_search.page(self.db.pool, search, after, limit)
        following = None if found.after is None else self.door.cursor(found.after, filters)
        return self._listed(request, found.rows, following)

    async def document(self, request: Request) -> Response:
        """One with its history, by `task_…` or UUID."""
        await self.door(request)
        row = await self._row(request)
        events = await task_events.after(self.db.pool, {row["id"]: 0})
        history = [self.writer.event(each) for each in events]
        return json(self._task(request, row) | {"events": history})

    async def story(self, request: Request) -> Response:
        """What each service's records say of one, in time order."""
        await self.door(request)
        row = await self._row(request)
        told = await tell_story(self.services, row["id"])
        named = {"task_id": task_text(row["id"]), "uuid": str(row["id"]), "status": row["status"]}
        return json({**named, "moments": told.moments, "silent": told.silent})

    async def _row(self, request: Request) -> Mapping[str, Any]:
        text = request.path_params["task_id"]
        task_id = task_from_text(text) or uuid_from(text)
        rows = [] if task_id is None else await task_search.several(self.db.pool, [task_id])
        if not rows:
            raise Problem(404, "task_not_found", f"There is no task {text[:100]!r}.", param="task_id")
        return rows[0]

    def _listed(self, request: Request, rows: Any, following: str | None) -> Response:
        return self.door.listed([self._task(request, row) for row in rows], following)

    def _task(self, request: Request, row: Mapping[str, Any]) -> dict[str, Any]:
        files = self.links.base(request)
        document: dict[str, Any] = orjson.loads(self.writer.task(row, files))
        key_id = row["key_id"]
        return document | {
            "account_id": account_text(row["account_id"]),
            "key_id": None if key_id is None else to_text("key_", key_id),
            "uuid": str(row["id"]),
            "surface": row["surface"],
            "idempotency_key": row["idempotency_key"],
        }


def _search(query: Query) -> Search:
    return Search(
        account_id=account_parameter(query),
        statuses=query.choices("status", STATUSES),
        model=query.text("model"),
        text=query.text("q"),
        created_after=query.time("created_after"),
        created_before=query.time("created_before"),
    )
