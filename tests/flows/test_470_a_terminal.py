"""`framebus` as it is typed, against the whole stack: with it alone the product can be used."""

import asyncio
import os
import pty
import sys
from pathlib import Path

from flow_tools import Customer, World

FRAMEBUS = Path(sys.executable).with_name("framebus")
KITE = ("submit", "doubao-seedance-2-0-fast", "-p", "a red kite", "resolution=480p", "duration=4")


def environment(world: World, customer: Customer) -> dict[str, str]:
    told = {"FRAMEBUS_URL": world.facts["gateway_url"], "FRAMEBUS_API_KEY": customer.key, "COLUMNS": "200"}
    return os.environ | told | {"TERM": "xterm"}


async def typed(world: World, customer: Customer, *words: str) -> tuple[int | None, str]:
    """The exit code and standard output."""
    process = await asyncio.create_subprocess_exec(
        FRAMEBUS, *words, env=environment(world, customer), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode, out.decode()


async def shown(world: World, customer: Customer, *words: str) -> str:
    """What a terminal shows: with a window as standard error, progress is drawn."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        FRAMEBUS, *words, env=environment(world, customer), stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    read = asyncio.get_running_loop().run_in_executor(None, drained, ours)
    assert await asyncio.wait_for(process.wait(), 90) == 0
    return (await read).decode()


def drained(window: int) -> bytes:
    """Everything until the other side is closed, which Linux tells as an error."""
    seen = b""
    while True:
        try:
            some = os.read(window, 65_536)
        except OSError:
            some = b""
        if not some:
            os.close(window)
            return seen
        seen += some


def saved(folder: Path) -> list[tuple[str, int]]:
    """The files that are there, with their sizes."""
    return [(str(file), file.stat().st_size) for file in folder.iterdir()]


async def test_a_task_is_submitted_watched_and_downloaded(world: World, tmp_path: Path) -> None:
    customer = await world.customer("100")
    code, out = await typed(world, customer, *KITE)
    task = out.strip()
    assert (code, task[:5]) == (0, "task_")
    code, out = await typed(world, customer, "watch", task)
    assert (code, "succeeded" in out) == (0, True)
    code, out = await typed(world, customer, "status", task)
    assert (code, "succeeded" in out, "0.02448" in out) == (0, True, True)
    code, out = await typed(world, customer, "download", task, "--to", str(tmp_path))
    [(file, size)] = saved(tmp_path)
    assert (code, out.strip(), size > 1000) == (0, file, True)


async def test_progress_is_drawn_while_a_task_is_made(world: World, tmp_path: Path) -> None:
    await world.simulate(delay_seconds=3)
    customer = await world.customer("100")
    screen = await shown(world, customer, *KITE, "--download", str(tmp_path))
    assert all(word in screen for word in ("queued", "processing", "%", "succeeded"))
    assert len(saved(tmp_path)) == 1


async def test_a_task_that_fails_says_why_and_ends_with_a_code_of_its_own(world: World) -> None:
    customer = await world.customer("100")
    failing = (*KITE[:3], "a kite [sim:fail]", *KITE[4:])
    code, out = await typed(world, customer, *failing, "--watch")
    assert (code, "provider_failed" in out) == (4, True)
