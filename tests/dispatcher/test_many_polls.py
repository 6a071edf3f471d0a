"""Polls of one credential that are due together share a question."""

from typing import Any
from uuid import UUID

import pytest
from dispatcher.outbound.provider_client import ProviderClient
from dispatcher_tools import Dispatcher, until
from providers.http import HttpRequest, HttpResponse

pytestmark = pytest.mark.stack


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[HttpRequest]:
    """All GETs that go to providers."""
    found: list[HttpRequest] = []
    send = ProviderClient.send

    async def noted(self: ProviderClient, provider: str, request: HttpRequest, *rest: Any) -> HttpResponse:
        if request.method == "GET":
            found.append(request)
        return await send(self, provider, request, *rest)

    monkeypatch.setattr(ProviderClient, "send", noted)
    return found


def lists(asked: list[HttpRequest]) -> list[int]:
    """How many jobs each question for many named."""
    return [each.url.count("filter.task_ids=") for each in asked if "filter.task_ids" in each.url]


async def test_jobs_that_are_due_together_are_asked_for_together(
    dispatcher: Dispatcher, asked: list[HttpRequest]
) -> None:
    tasks = await ended_unasked(dispatcher, 40)
    for task in tasks:
        assert (await dispatcher.completed(task))["outcome"] == "succeeded"
    named = lists(asked)
    assert sum(named) >= 20
    assert max(named) >= 5
    assert len(asked) < 40


async def test_a_job_alone_is_asked_for_alone(dispatcher: Dispatcher, asked: list[HttpRequest]) -> None:
    await dispatcher.start()
    await dispatcher.completed(await dispatcher.accept())
    assert lists(asked) == []


async def test_a_job_that_the_list_does_not_tell_of_is_asked_for_alone(
    dispatcher: Dispatcher, asked: list[HttpRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    from providers.protocols.ark import Ark

    told = Ark.parse_poll_many
    monkeypatch.setattr(
        Ark, "parse_poll_many", lambda self, answer: dict(list(told(self, answer).items())[:1])
    )
    tasks = await ended_unasked(dispatcher, 6)
    for task in tasks:
        assert (await dispatcher.completed(task))["outcome"] == "succeeded"
    assert lists(asked)


async def test_a_list_that_fails_is_no_word_on_any_job(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    tasks = [await dispatcher.accept(f"[sim:delay=600] {n}") for n in range(6)]
    await until(lambda: _submitted(dispatcher, 6))
    await dispatcher.simulator.set(ark={"poll_status_code_next": {"status": 500, "times": 3}})
    await until(lambda: _failed(dispatcher))
    await dispatcher.simulator.finish()
    for task in tasks:
        assert (await dispatcher.completed(task))["outcome"] == "succeeded"


async def ended_unasked(dispatcher: Dispatcher, count: int) -> list[UUID]:
    """Tasks whose jobs have ended, all due to be asked for in the same moment."""
    await dispatcher.start(ark={"poll_seconds": 600.0})
    tasks = [await dispatcher.accept(f"[sim:delay=600] {n}") for n in range(count)]
    await until(lambda: _submitted(dispatcher, count))
    await dispatcher.simulator.finish()
    await until(lambda: dispatcher.simulator.over(count))
    await dispatcher.db.pool.execute("UPDATE work SET due_at = now() WHERE NOT leased")
    dispatcher.wake()
    return tasks


async def _failed(dispatcher: Dispatcher) -> bool:
    settings = (await dispatcher.simulator.http.get("/_control/settings")).json()["ark"]
    return bool(settings["poll_status_code_next"]["times"] == 0)


async def _submitted(dispatcher: Dispatcher, count: int) -> bool:
    query = "SELECT count(*) FROM attempts WHERE status = 'submitted'"
    return bool(await dispatcher.db.pool.fetchval(query) == count)
