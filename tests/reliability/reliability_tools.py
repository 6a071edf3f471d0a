"""What the tests of the failure modes share: failpoints here and in running processes, deaths, long forms."""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from child_process import Child
from flow_tools import World, until
from runtime import failpoints
from runtime_fixtures import until as soon
from stack import control, processes

LONG = bool(os.environ.get("FRAMEBUS_LONG"))
"""Whether the tests take the forms that need minutes (`make test-long`)."""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    """No test leaves a failpoint armed in this process."""
    yield
    failpoints.arm("")


async def arm(world: World, service: str, text: str) -> dict[str, Any]:
    """Arm the failpoints of a service of the running stack ("" disarms them); what has happened so far."""
    return await asyncio.to_thread(control.failpoints, service, text, world.home.state)


async def dead(world: World, service: str, seconds: float = 60) -> None:
    """Wait until a service's process has died."""
    record = processes.find(world.home, service)
    assert record is not None
    await until(lambda: not record.alive, f"the end of {service}", seconds)


async def restart(world: World, service: str) -> None:
    """Start a service again, disarmed, and wait until it serves."""
    await asyncio.to_thread(control.restart, service, world.home.state)


async def dies_once(world: World, service: str, place: str) -> None:
    """Arm a kill, wait for whoever reaches it, start the service again. Begin what reaches it before."""
    await arm(world, service, f"{place}=kill:1")
    await dead(world, service)
    await restart(world, service)


def signal_to(world: World, service: str, number: int) -> None:
    """Send a signal to a service's process."""
    control.kill(service, number, world.home.state)


async def killed(child: Child, path: str) -> None:
    """Ask an armed child for something once it is ready, and wait until it has been killed over it."""
    await soon(child.ready, "the child is ready", 90)
    with contextlib.suppress(httpx.TransportError):  # it may die before it answers
        await child.http.post(path)
    assert await asyncio.wait_for(child.process.wait(), 60) == -9, child.log.read_text()
