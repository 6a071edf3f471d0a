import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from runtime import failpoints
from runtime.cli import Built, _app
from runtime.failpoints import PLACES, FailpointError, arm, parse, reach
from runtime.settings import ServiceSettings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm("")


async def test_nothing_happens_where_nothing_is_armed() -> None:
    arm("relay.sent=fail")
    await reach("bus.committed")
    arm("")
    await reach("relay.sent")


async def test_an_armed_place_fails_or_waits() -> None:
    arm("relay.sent=fail,bus.committed=delay:0.01")
    with pytest.raises(FailpointError, match=r"relay\.sent"):
        await reach("relay.sent")
    await asyncio.wait_for(reach("bus.committed"), 5)


async def test_it_can_happen_at_one_pass_only() -> None:
    arm("relay.sent=fail:2")
    await reach("relay.sent")
    with pytest.raises(FailpointError):
        await reach("relay.sent")
    await reach("relay.sent")


async def test_it_can_happen_at_a_share_of_the_passes() -> None:
    arm("relay.sent=fail@0.0")
    for _ in range(50):
        await reach("relay.sent")


def test_a_kill_leaves_no_time_to_tidy_up() -> None:
    code = (
        "import asyncio, atexit; from runtime.failpoints import arm, reach; "
        "atexit.register(print, 'tidied'); "
        "arm('bus.applied=kill'); asyncio.run(reach('bus.applied')); print('survived')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == -9
    assert "tidied" not in ended.stdout
    assert "survived" not in ended.stdout


@pytest.mark.parametrize("text", ["nowhere=kill", "relay.sent", "relay.sent=delay", "relay.sent=explode"])
def test_what_can_not_be_armed_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text.split("=", maxsplit=1)[0])):
        parse(text)


def settings(environment: str, text: str) -> ServiceSettings:
    return ServiceSettings(
        environment=environment, failpoints=text, service_token="t0ken", database_dsn="postgresql://u:p@h/d"
    )


def test_they_are_refused_outside_dev_mode_and_when_misspelt() -> None:
    assert settings("dev", "relay.sent=kill").failpoints
    assert settings("production", "").failpoints == ""
    with pytest.raises(ValidationError, match="dev only"):
        settings("production", "relay.sent=kill")
    with pytest.raises(ValidationError, match="no failpoint"):
        settings("dev", "relay.snet=kill")


def app(environment: str) -> httpx.AsyncClient:
    routes = _app(settings(environment, ""), Built([]))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(routes),
        base_url="http://a/internal",
        headers={"Authorization": "Bearer t0ken"},
    )


async def test_a_running_process_is_armed_and_says_what_has_happened() -> None:
    async with app("dev") as http:
        armed = await http.put("/failpoints", json={"arm": "relay.sent=delay:0,bus.applied=kill:9"})
        assert armed.json()["armed"] == {"relay.sent": 0, "bus.applied": 0}
        before = armed.json()["fired"].get("relay.sent", 0)
        await reach("relay.sent")
        told = (await http.get("/failpoints")).json()
        assert (told["armed"]["relay.sent"], told["fired"]["relay.sent"]) == (1, before + 1)
        assert (await http.put("/failpoints", json={"arm": ""})).json()["armed"] == {}


@pytest.mark.parametrize("body", ["{", "[]", '{"arm": 1}', '{"arm": "relay.snet=kill"}', '{"arm":"","a":1}'])
async def test_what_cannot_be_armed_at_a_running_process_is_refused_and_nothing_changes(body: str) -> None:
    arm("relay.sent=fail:9")
    async with app("dev") as http:
        refused = await http.put("/failpoints", content=body)
    assert (refused.status_code, refused.json()["error"]["param"]) == (422, "arm")
    assert list(failpoints.state()["armed"]) == ["relay.sent"]


async def test_only_who_has_the_token_arms_and_only_in_dev_mode() -> None:
    async with app("dev") as http:
        stranger = await http.put("/failpoints", json={"arm": ""}, headers={"Authorization": "Bearer x"})
        assert stranger.status_code == 401
    async with app("production") as http:
        assert (await http.get("/failpoints")).status_code == 404
        assert (await http.put("/failpoints", json={"arm": ""})).status_code == 404


def test_every_place_is_in_the_code_once_and_every_reach_has_its_place() -> None:
    sources = [*ROOT.glob("libs/*/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")]
    reached = [
        name for path in sources for name in re.findall(r'reach\("([a-z.]+)"\)', path.read_text("utf-8"))
    ]
    assert sorted(reached) == sorted(PLACES)
    assert not failpoints._armed
