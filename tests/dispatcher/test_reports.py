"""What an operator and the gateway may ask about providers and tasks."""

from typing import Any

import httpx
import orjson
import pytest
from dispatcher import commands
from dispatcher.inbound.http.providers import ProviderReports
from dispatcher_tools import Dispatcher, until
from runtime.internal import InternalRoutes
from runtime.timer import Timer
from starlette.applications import Starlette

pytestmark = pytest.mark.stack


@pytest.fixture
async def asking(dispatcher: Dispatcher) -> Any:
    app = Starlette(routes=ProviderReports(dispatcher.db).routes(InternalRoutes("token")))
    headers = {"Authorization": "Bearer token"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x/internal", headers=headers) as http:
        yield http


async def report(dispatcher: Dispatcher) -> None:
    for part in dispatcher.parts:
        if isinstance(part, Timer) and part.name == "providers":
            await part._run()


async def test_providers_are_told_of_with_answers_circuits_and_keys_set_aside(
    dispatcher: Dispatcher, asking: httpx.AsyncClient
) -> None:
    keys = [{"id": "old", "secret": "bad-key"}, {"id": "new", "secret": "good-key"}]
    await dispatcher.start(ark={"credentials": keys})
    tasks = [await dispatcher.accept(f"street {n}") for n in range(6)]
    for task in tasks:
        assert (await dispatcher.completed(task))["credential_id"] == "new"
    await report(dispatcher)
    found = (await asking.get("/providers")).json()["data"]
    old, new = (each for each in found if each["provider"] == "ark")
    old, new = (old, new) if old["credential_id"] == "old" else (new, old)
    assert new["answers"]["submit"] == {"Accepted": 6}
    assert new["answers"]["poll"]["Succeeded"] == 6
    assert new["seconds"]["submit"] > 0
    assert new["set_aside"] == []
    assert old["answers"]["submit"]["BadCredentials"] >= 1
    assert [each["model"] for each in old["set_aside"]] == ["doubao-seedance-2-0-fast-260128"]
    text = await commands.providers(dispatcher.db.dsn)
    assert "bad-key" not in text
    assert "good-key" not in text
    assert {each["provider"] for each in orjson.loads(text)} >= {"ark", "gemini", "dashscope"}


async def test_an_open_circuit_is_told_of(dispatcher: Dispatcher, asking: httpx.AsyncClient) -> None:
    await dispatcher.start(ark={"base_url": "http://127.0.0.1:9/ark/api/v3"})
    task = await dispatcher.accept()
    await until(lambda: dispatcher.attempts(task))
    await until(lambda: _open(dispatcher, asking))


async def test_who_waits_for_a_slot_is_told_so(dispatcher: Dispatcher) -> None:
    await dispatcher.start(ark={"max_concurrent": 1})
    first = await dispatcher.accept("[sim:delay=600]")
    await until(lambda: dispatcher.attempts(first))
    second = await dispatcher.accept("waits")

    async def waits() -> Any:
        return orjson.loads(await commands.job(dispatcher.db.dsn, str(second)) or "{}").get("waits_for_slot")

    assert (await until(waits))[0]["for"] == "ark/sim"


async def test_without_the_service_token_nothing_is_told(asking: httpx.AsyncClient) -> None:
    answer = await asking.get("/providers", headers={"Authorization": "Bearer other"})
    assert answer.status_code == 401


async def _open(dispatcher: Dispatcher, asking: httpx.AsyncClient) -> bool:
    await report(dispatcher)
    found = (await asking.get("/providers")).json()["data"]
    return any(each["open_circuits"].get("submit", 0) > 0 for each in found if each["provider"] == "ark")
