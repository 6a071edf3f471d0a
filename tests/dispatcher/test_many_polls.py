"""Polls of one credential that are due together share a question."""

import asyncio
from typing import Any

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
    await dispatcher.start(ark={"poll_seconds": 1.0})
    tasks = [await dispatcher.accept(f"street {n}") for n in range(40)]
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
    await dispatcher.start(ark={"poll_seconds": 1.0})
    tasks = [await dispatcher.accept(f"street {n}") for n in range(6)]
    for task in tasks:
        assert (await dispatcher.completed(task))["outcome"] == "succeeded"
    assert lists(asked)


async def test_a_list_that_fails_is_no_word_on_any_job(dispatcher: Dispatcher) -> None:
    await dispatcher.start()
    tasks = [await dispatcher.accept(f"[sim:delay=1] {n}") for n in range(6)]
    await until(lambda: _submitted(dispatcher, 6))
    await dispatcher.simulator.set(ark={"poll_status_code_next": {"status": 500, "times": 3}})
    await asyncio.sleep(0.1)
    for task in tasks:
        assert (await dispatcher.completed(task))["outcome"] == "succeeded"


async def _submitted(dispatcher: Dispatcher, count: int) -> bool:
    query = "SELECT count(*) FROM attempts WHERE status = 'submitted'"
    return bool(await dispatcher.db.pool.fetchval(query) == count)
