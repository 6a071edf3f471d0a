"""`POST /api/v1/tasks/{id}/cancel` and `DELETE /api/v1/tasks/{id}`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from contracts.ids import task_text
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.problem import Problem
from gateway.domain.projection import FINAL
from gateway.inbound.http.openapi import tasks as described
from gateway.inbound.http.operation import Operation
from gateway.inbound.http.v1.task_reader import TaskReader, json_response, not_found
from gateway.usecases.cancel_task import CancelTask
from gateway.usecases.delete_tasks import DeleteTasks
from gateway.usecases.revoke_links import RevokeLinks


@dataclass(frozen=True, slots=True)
class TaskChanges:
    """What a client can still do to a task."""

    reader: TaskReader
    cancel_task: CancelTask
    delete_tasks: DeleteTasks
    revoke_links: RevokeLinks

    def operations(self) -> list[Operation]:
        """What this contributes to the API."""
        path = "/api/v1/tasks/{task_id}"
        return [
            Operation("POST", f"{path}/cancel", self.cancel, described.cancel()),
            Operation("DELETE", path, self.delete, described.delete()),
            Operation("DELETE", f"{path}/links", self.revoke, described.revoke()),
            Operation("DELETE", f"{path}/links/{{token}}", self.revoke, described.revoke_one()),
        ]

    async def cancel(self, request: Request) -> Response:
        """202 when it was asked for, 200 for a cancelled task; 409 for one that ended otherwise."""
        caller = await self.reader.admit(request)
        row = await self.reader.row(request, caller.account_id)
        outcome = await self.cancel_task(caller.account_id, row["id"])
        if outcome is None:
            raise not_found(request.path_params["task_id"])
        row = await self.reader.row(request, caller.account_id)
        if outcome == "final":
            raise await self._conflict(request, row, "task_final", "It is over: there is nothing to cancel.")
        return json_response(await self.reader.document(request, row), 202 if outcome == "requested" else 200)

    async def delete(self, request: Request) -> Response:
        """200 with what is left of it, also when it was deleted before; 409 unless it is final."""
        caller = await self.reader.admit(request)
        row = await self.reader.row(request, caller.account_id)
        if row["status"] not in FINAL:
            message = "Only a task that is over can be deleted. Cancel it first, or wait for its end."
            raise await self._conflict(request, row, "task_not_final", message)
        await self.delete_tasks([row["id"]])
        row = await self.reader.row(request, caller.account_id)
        return json_response(await self.reader.document(request, row))

    async def revoke(self, request: Request) -> Response:
        """200 with how many links are dead now: all of a final task's, or the one that the path names."""
        caller = await self.reader.admit(request)
        row = await self.reader.row(request, caller.account_id)
        if row["status"] not in FINAL:
            message = "It has no links before it is over. Wait for its end."
            raise await self._conflict(request, row, "task_not_final", message)
        token = request.path_params.get("token")
        known = token is None or "\0" not in token
        revoked = await self.revoke_links(caller.account_id, row["id"], token) if known else None
        if revoked is None:
            raise Problem(404, "link_not_found", "The task has no such link.", param="token")
        told = {"object": "task.links", "task_id": task_text(row["id"]), "revoked": revoked}
        return json_response(orjson.dumps(told))

    async def _conflict(self, request: Request, row: Mapping[str, Any], code: str, message: str) -> Problem:
        """The document goes with it, so that nobody has to ask again."""
        document = orjson.Fragment(await self.reader.document(request, row))
        headers = {"x-should-retry": "false"}
        return Problem(409, code, message, param="task_id", headers=headers, context={"task": document})
