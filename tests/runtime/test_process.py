"""A process from start to stop: it waits for its servers, says how it is, and leaves nothing half done."""

import asyncio
import os
import signal
import socket
import time

import pytest
from child_process import Child, free_port
from runtime import process
from runtime_fixtures import effects, keep, until


async def test_sigterm_ends_what_was_begun_and_says_what_was_written(
    db, start_child, group, make_bus
) -> None:
    child = await start_child(group=group)
    await until(child.ready, "the child is ready")
    assert await child.answers("/healthz") == 200
    slow = asyncio.create_task(child.http.get("/slow"))
    assert (await child.http.post("/say/300")).text == "300"
    await until(lambda: db.pool.fetchval("SELECT EXISTS (SELECT FROM work WHERE leased)"), "work in hand")
    measured = (await child.http.get("/metrics")).text
    assert all(
        name in measured for name in ("framebus_outbox_records_total", "framebus_outbox_delay_seconds")
    )
    child.process.send_signal(signal.SIGTERM)
    assert (await slow).text == "answered"
    assert await asyncio.wait_for(child.process.wait(), 60) == 0, child.log.read_text()
    assert await db.pool.fetchval("SELECT count(*) FROM work WHERE leased") == 0
    unsent = "SELECT count(*) FROM outbox o, outbox_cursor c WHERE (o.txid, o.id) > (c.txid, c.id)"
    assert await db.pool.fetchval(unsent) == 0
    await make_bus(db, keep, at_end=False, group=group)
    await until(lambda: _count(db, 300), "every effect, at the next reader if not here")
    assert len(set(await effects(db))) == 300


async def test_a_process_that_is_told_to_stop_serves_on_and_sends_its_clients_elsewhere(
    start_child, group
) -> None:
    child = await start_child(group=group, drain_notice_seconds="30")
    await until(child.ready, "the child is ready")
    assert "connection" not in (await child.http.get("/healthz")).headers
    child.process.send_signal(signal.SIGTERM)

    async def unready() -> bool:
        return await child.answers("/readyz") == 503

    await until(unready, "it says that it is about to go")
    said = await child.http.post("/say/1")
    assert (said.status_code, said.headers["connection"]) == (200, "close")
    child.process.kill()


async def _count(db, number: int) -> bool:
    return len(await effects(db)) >= number


async def test_a_killed_member_that_has_a_name_comes_back_at_once(db, start_child, group, make_bus) -> None:
    child = await start_child(group=group, instance="one", session_seconds="50")
    await until(child.ready, "the child is ready")
    child.process.kill()
    await child.process.wait()
    began = time.monotonic()
    await make_bus(db, keep, at_end=False, group=group, instance="one", session_seconds=50)
    assert time.monotonic() - began < 25, "it would be the session's 50 seconds without a name"


async def test_a_process_that_waits_for_its_broker_is_alive_not_ready_and_can_be_stopped(start_child) -> None:
    child = await start_child(group="g", kafka_bootstrap="127.0.0.1:1")
    await until(lambda: _alive(child), "it answers")
    assert await child.answers("/readyz") == 503
    child.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(child.process.wait(), 20) == 0, child.log.read_text()


async def _alive(child: Child) -> bool:
    return await child.answers("/healthz") == 200


async def test_a_process_whose_port_is_taken_ends(start_child, group) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        child = await start_child(group=group, http_port=taken.getsockname()[1])
        assert await asyncio.wait_for(child.process.wait(), 60) != 0


async def test_the_replay_command_says_why_it_refuses(start_child) -> None:
    child = await start_child("replay --since 2020-01-01", group="g")
    assert await asyncio.wait_for(child.process.wait(), 60) == 1
    assert "refused: the outbox reaches back to" in child.log.read_text()


class Told:
    """A part that is told to stop the process while it starts."""

    name = "told"

    def __init__(self, seconds: float) -> None:
        self.seconds, self.calls = seconds, []

    async def start(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(self.seconds)
        self.calls.append("started")

    async def stop(self) -> None:
        self.calls.append("stopped")

    def unready(self) -> None: ...

    def fault(self) -> None: ...


@pytest.mark.parametrize(("seconds", "calls"), [(0, ["started", "stopped"]), (60, ["stopped"])])
async def test_a_part_that_is_starting_when_the_process_is_told_to_stop_is_stopped(seconds, calls) -> None:
    part = Told(seconds)
    await asyncio.wait_for(process.serve([part], service="test", host="127.0.0.1", port=free_port()), 20)
    assert part.calls == calls
