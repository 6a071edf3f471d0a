"""Why does it hang: the document of a slow or failed task shows its attempts as the dispatcher knows them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from contracts.ids import uuid7
from gateway.outbound.dispatcher import Dispatcher
from gateway.usecases.explain_attempts import ExplainAttempts
from gateway_tools import World, seedance, until
from runtime.internal import InternalClient, InternalRoutes, answer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

ATTEMPT: dict[str, Any] = {
    "number": 1,
    "state": "submitted",
    "provider": "ark",
    "protocol": "ark",
    "model": "doubao-x",
    "submitting_at": "2026-11-21T08:00:00.5+00:00",
    "submitted_at": "2026-11-21T08:00:01+00:00",
    "polls": 3,
    "polled_at": "2026-11-21T08:00:09.123456+00:00",
    "error_class": "unavailable",
    "error_code": None,
    "ended_at": None,
}
STATE = {"attempts": [ATTEMPT], "next_at": "2026-11-21T08:00:20+00:00", "tries": 0}


class FakeDispatcher:
    """Answers on a real socket as the dispatcher does."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.questions = 0
        self.state: dict[str, Any] | None = STATE
        route = InternalRoutes("token").route("POST", "/task-states", self._states)
        config = uvicorn.Config(Starlette(routes=[route]), port=0, log_config=None, lifespan="off")
        self.server = uvicorn.Server(config)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    async def _states(self, request: Request) -> Response:
        self.questions += 1
        asked = (await request.json())["task_ids"]
        self.asked += asked
        return answer({"data": dict.fromkeys(asked, self.state) if self.state else {}})


@pytest.fixture
async def fake() -> AsyncIterator[FakeDispatcher]:
    made = FakeDispatcher()
    serving = asyncio.create_task(made.server.serve())
    await until(lambda: made.server.started)
    yield made
    made.server.should_exit = True
    await serving


async def test_the_document_of_a_slow_task_shows_route_error_class_and_next_poll(
    make_world: Any, fake: FakeDispatcher
) -> None:
    world: World = await make_world(explain_after_seconds=0)
    customer = await world.customer("100")
    asking = InternalClient("dispatcher", fake.url, "token")
    api = world.client(customer.key, world.another_gateway(world.db, dispatcher=asking))
    task = (await customer.submit(seedance())).json()["task_id"]
    for _ in range(3):
        [attempt] = (await api.get(f"/api/v1/tasks/{task}")).json()["attempts"]
    assert attempt == {
        "number": 1,
        "provider": "ark",
        "route": "ark:doubao-x",
        "state": "submitted",
        "submitted_at": "2026-11-21T08:00:01.000Z",
        "polls": 3,
        "last_poll_at": "2026-11-21T08:00:09.123Z",
        "next_poll_at": "2026-11-21T08:00:20.000Z",
        "error_class": "unavailable",
        "error_code": None,
        "ended_at": None,
    }
    assert len(fake.asked) == 1  # many may poll at once
    await asking.stop()


async def test_an_unknown_task_or_a_dispatcher_that_is_away_is_no_reason_to_fail(
    fake: FakeDispatcher,
) -> None:
    row = {"id": uuid7(), "status": "failed", "submitted_at": 1, "deleted_at": None}
    fake.state = None
    asking = InternalClient("dispatcher", fake.url, "token")
    assert await ExplainAttempts(Dispatcher(asking))(row) is None
    assert fake.asked == [str(row["id"])]
    await asking.stop()
    nobody = InternalClient("dispatcher", "http://127.0.0.1:1", "token")
    away = Dispatcher(nobody)
    for _ in range(2):
        assert await ExplainAttempts(away)(row) is None
    assert away._rests_until > 0
    await nobody.stop()
    assert await ExplainAttempts(Dispatcher(None))(row) is None


async def test_only_slow_and_failed_tasks_are_worth_asking(fake: FakeDispatcher) -> None:
    asking = InternalClient("dispatcher", fake.url, "token")
    explain = ExplainAttempts(Dispatcher(asking))
    for row in (
        {"id": "a", "status": "succeeded", "submitted_at": 1, "deleted_at": None},
        {"id": "b", "status": "failed", "submitted_at": None, "deleted_at": None},
        {"id": "c", "status": "failed", "submitted_at": 1, "deleted_at": 1},
    ):
        assert await explain(row) is None
    assert fake.asked == []
    await asking.stop()


async def test_tasks_that_are_read_at_the_same_moment_share_a_question(fake: FakeDispatcher) -> None:
    asking = InternalClient("dispatcher", fake.url, "token")
    dispatcher, tasks = Dispatcher(asking), [uuid7() for _ in range(50)]
    states = await asyncio.gather(*(dispatcher.task(each) for each in [*tasks, tasks[0]]))
    assert all(state is not None and state["attempts"] for state in states)
    assert sorted(fake.asked) == sorted(map(str, tasks))
    assert fake.questions == 1
    await asking.stop()
