import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from stack import processes
from stack.errors import StackError
from stack.identity import identity
from stack.paths import Home
from stack.ports import assign
from stack.processes import Spec

Toy = Callable[..., Spec]


async def test_a_started_process_is_ready_logged_and_found_by_later_commands(home: Home, toy: Toy) -> None:
    await processes.start(home, toy())
    record = processes.find(home, "toy")
    assert record is not None
    assert await record.ready()
    assert os.getsid(record.pid) == record.pid
    assert "serving red" in (home.logs / "toy.log").read_text()


async def test_ensure_leaves_a_running_process_alone_and_restarts_a_dead_or_changed_one(
    home: Home, toy: Toy
) -> None:
    assert await processes.ensure(home, toy())
    assert not await processes.ensure(home, toy())
    assert await processes.ensure(home, toy(colour="blue"))
    record = processes.records(home)["toy"]
    processes.send(record, signal.SIGKILL)
    assert await processes.gone(record, 5)
    assert await processes.ensure(home, toy(colour="blue"))


async def test_a_killed_process_keeps_its_record_so_that_status_can_say_so(home: Home, toy: Toy) -> None:
    record = await processes.start(home, toy())
    processes.send(record, signal.SIGKILL)
    assert await processes.gone(record, 5)
    found = processes.records(home)["toy"]
    assert not found.alive
    assert not await found.ready()


async def test_a_process_that_ignores_the_polite_signal_is_killed(home: Home, toy: Toy) -> None:
    record = await processes.start(home, toy("toy", "deaf", stop_seconds=0.2))
    assert await processes.stop(home, "toy")
    assert not record.alive
    assert processes.records(home) == {}


async def test_a_process_that_dies_while_starting_shows_the_end_of_its_log(home: Home, toy: Toy) -> None:
    argv = (sys.executable, "-c", "raise SystemExit('no such setting')")
    with pytest.raises(StackError, match=r"toy died while starting(.|\n)*no such setting"):
        await processes.start(home, replace(toy(), argv=argv))


async def test_a_pid_that_was_given_to_another_process_is_never_signalled(home: Home, toy: Toy) -> None:
    stranger = await processes.start(home, toy("stranger"))
    await processes.start(home, toy())
    file = home.run / "toy.json"
    real = processes.records(home)["toy"]
    file.write_text(json.dumps({**json.loads(file.read_text()), "pid": stranger.pid}))
    assert not await processes.stop(home, "toy")
    assert stranger.alive
    processes.send(real, signal.SIGTERM)


async def test_nothing_is_started_where_another_process_still_listens(toy: Toy) -> None:
    spec = toy()
    with socket.create_server(("127.0.0.1", spec.port)), pytest.raises(StackError, match="taken by another"):
        await processes._port_is_free(spec, within=0.1)


def test_a_zombie_counts_as_gone() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert identity(pid) is None
    os.waitpid(pid, 0)


def test_the_records_are_for_the_owner_only(home: Home) -> None:
    assert home.run.stat().st_mode & 0o077 == 0


def test_a_port_is_kept_while_it_is_free_and_replaced_when_somebody_took_it(home: Home) -> None:
    first = assign(home, ["toy"])["toy"]
    assert assign(home, ["toy"])["toy"] == first
    with socket.create_server(("127.0.0.1", first)):
        assert assign(home, ["toy"], running=["toy"])["toy"] == first
        assert assign(home, ["toy"])["toy"] != first


def test_moving_a_spec_to_another_port_moves_every_mention_of_it() -> None:
    spec = Spec(
        "a", ("serve", "18001"), 18001, "http://127.0.0.1:18001/readyz", {"A_HTTP_PORT": "18001", "B": "x"}
    )
    moved = processes.with_port(spec, 18002)
    assert (moved.argv, moved.port) == (("serve", "18002"), 18002)
    assert moved.ready == "http://127.0.0.1:18002/readyz"
    assert moved.environment == {"A_HTTP_PORT": "18002", "B": "x"}
