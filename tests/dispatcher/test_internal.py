"""What the gateway may ask: how a task stands, without secrets."""

from typing import Any

import httpx
import pytest
from contracts.ids import uuid7
from dispatcher.inbound.http.tasks import TaskStates
from dispatcher_tools import Dispatcher, frozen, requested, until
from runtime.internal import InternalRoutes
from starlette.applications import Starlette

pytestmark = pytest.mark.stack


def client(dispatcher: Dispatcher) -> httpx.AsyncClient:
    internal = InternalRoutes("token")
    app = Starlette(routes=TaskStates(dispatcher.db).routes(internal))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://dispatcher.test/internal",
        headers={"Authorization": "Bearer token"},
    )


async def test_a_tasks_attempts_are_told_without_what_only_the_dispatcher_may_know(
    dispatcher: Dispatcher,
) -> None:
    await dispatcher.start()
    request = requested("[sim:queued]")
    await dispatcher.apply(request, frozen(request))
    await until(lambda: dispatcher.said(request.task_id, "task.progress"))
    async with client(dispatcher) as asking:
        known, unknown = str(request.task_id), str(uuid7())
        answer = await asking.post("/task-states", json={"task_ids": [known, unknown]})
        states: dict[str, dict[str, Any]] = answer.json()["data"]
        assert list(states) == [known]
        state = states[known]
        [attempt] = state["attempts"]
        assert (attempt["number"], attempt["provider"], attempt["ended_at"]) == (1, "ark", None)
        assert attempt["submitted_at"]
        assert state["next_at"]
        assert not {"credential_id", "correlation", "provider_job_id", "error_message"} & attempt.keys()
        [job_id] = await dispatcher.db.pool.fetchrow(
            "SELECT provider_job_id FROM attempts WHERE task_id = $1", request.task_id
        )
        found = await asking.get("/tasks", params={"provider_job_id": job_id})
        assert found.json()["data"] == [str(request.task_id)]
        assert (await asking.get("/tasks", params={"provider_job_id": "x"})).json()["data"] == []
        assert (await asking.get("/tasks")).status_code == 422
        for wrong in ({}, [], {"task_ids": "x"}, {"task_ids": [1]}, {"task_ids": [known] * 201}):
            refused = await asking.post("/task-states", json=wrong)
            assert (refused.status_code, refused.json()["error"]["param"]) == (422, "task_ids")
        stranger = await asking.post("/task-states", headers={"Authorization": "Bearer x"})
        assert stranger.status_code == 401
