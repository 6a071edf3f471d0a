import signal
from collections.abc import Callable
from dataclasses import replace

import pytest
from stack import control, processes
from stack.clean import clean
from stack.down import down, stopping_order
from stack.errors import StackError
from stack.paths import Home
from stack.processes import Spec
from stack.readiness import is_ready
from stack.status import Line, table

Toy = Callable[..., Spec]


async def test_a_killed_process_stays_dead_until_it_is_restarted_with_the_same_settings(
    home: Home, toy: Toy
) -> None:
    first = await processes.start(home, toy(colour="green"))
    control.kill("toy", signal.SIGKILL, home.state)
    while first.alive:
        pass
    with pytest.raises(StackError, match="dead"):
        control.pid("toy", home.state)
    new = control.restart("toy", home.state)
    assert new != first.pid
    assert control.pid("toy", home.state) == new
    assert processes.records(home)["toy"].spec == first.spec


async def test_an_extra_process_serves_beside_the_first_at_another_port(home: Home, toy: Toy) -> None:
    first = await processes.start(home, toy())
    url = control.start_extra("toy", name="toy-2", state=home.state)
    extra = processes.records(home)["toy-2"]
    assert url == f"http://127.0.0.1:{extra.spec.port}"
    assert extra.spec.environment["TOY_HTTP_PORT"] == str(extra.spec.port) != str(first.spec.port)
    assert await first.ready()
    assert await extra.ready()
    control.stop_extra("toy-2", home.state)
    assert list(processes.records(home)) == ["toy"]


def test_what_was_never_started_is_refused_by_name(home: Home) -> None:
    with pytest.raises(StackError, match="nobody is not started"):
        control.pid("nobody", home.state)


async def test_only_services_that_live_have_failpoints(home: Home, toy: Toy) -> None:
    record = await processes.start(home, toy())
    with pytest.raises(StackError, match="none of the services"):
        control.failpoints("toy", "", home.state)
    environment = {**record.spec.environment, "TOY_SERVICE_TOKEN": "t"}
    await processes.ensure(home, replace(record.spec, environment=environment))
    control.kill("toy", signal.SIGKILL, home.state)
    with pytest.raises(StackError, match="toy can't be asked: ConnectError"):
        control.failpoints("toy", "relay.sent=kill:1", home.state)


async def test_down_stops_everything_and_says_what_was_dead(home: Home, toy: Toy) -> None:
    living = await processes.start(home, toy("living"))
    dead = await processes.start(home, toy("dying"))
    control.kill("dying", signal.SIGKILL, home.state)
    while dead.alive:
        pass
    said: list[str] = []
    await down(home, said.append)
    assert not living.alive
    assert processes.records(home) == {}
    assert sorted(line.split(" (")[0] for line in said) == ["dying was dead already", "living stopped"]


def test_services_stop_before_the_servers_they_talk_to_and_extra_ones_first() -> None:
    names = ["postgres", "ledger", "kafka", "gateway-2", "simulator", "gateway", "s3", "storage"]
    expected = ["gateway-2", "gateway", "storage", "ledger", "simulator", "s3", "kafka", "postgres"]
    assert stopping_order(names) == expected


async def test_clean_removes_the_state_and_leaves_the_downloads(home: Home, toy: Toy) -> None:
    record = await processes.start(home, toy())
    cached = home.state / "cache" / "archive.jar"
    cached.parent.mkdir()
    cached.touch()
    await clean(home.state, lambda _: None)
    assert not record.alive
    assert [entry.name for entry in home.state.iterdir()] == ["cache"]
    assert cached.exists()
    assert not await is_ready(record.spec.ready)


async def test_status_tells_up_from_died_from_never_started(home: Home, toy: Toy) -> None:
    record = await processes.start(home, toy())
    lines = [
        Line("up", record, alive=True, ready=True),
        Line("died", record, alive=False, ready=False),
        Line("never", None, alive=False, ready=False),
    ]
    states = list(table(lines).columns[2].cells)
    assert states == ["[green]up[/green]", "[red]died[/red]", "[red]down[/red]"]
