"""`framebus` as it is typed, against the whole stack: with it alone the product can be used."""

import asyncio
import os
import pty
import signal
import sys
from pathlib import Path

from flow_tools import Customer, World, got, seedance, until
from receiver import receiving
from standardwebhooks import Webhook

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
    """What a terminal shows: with a window as standard error, progress is drawn.

    The job at the provider ends when the window has shown that it is worked on.
    """
    await world.simulate(ark={"never_final_next": 1})
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        FRAMEBUS, *words, env=environment(world, customer), stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = bytearray()
    read = asyncio.get_running_loop().run_in_executor(None, drain, ours, seen)
    await until(lambda: b"processing" in seen, "the progress is drawn", 90)
    await world.finish()
    assert await asyncio.wait_for(process.wait(), 90) == 0
    await read
    return seen.decode()


def drain(window: int, seen: bytearray) -> None:
    """Read everything until the other side is closed, which Linux tells as an error."""
    while True:
        try:
            some = os.read(window, 65_536)
        except OSError:
            some = b""
        if not some:
            os.close(window)
            return
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
    customer = await world.customer("100")
    screen = await shown(world, customer, *KITE, "--download", str(tmp_path))
    assert all(word in screen for word in ("queued", "processing", "%", "succeeded"))
    assert len(saved(tmp_path)) == 1


async def test_a_task_that_fails_says_why_and_ends_with_a_code_of_its_own(world: World) -> None:
    customer = await world.customer("100")
    failing = (*KITE[:3], "a kite [sim:fail]", *KITE[4:])
    code, out = await typed(world, customer, *failing, "--watch")
    assert (code, "provider_failed" in out) == (4, True)


def _interruptible() -> None:
    """As from a terminal: shells let what they start in the background ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def test_events_are_heard_on_this_machine(world: World) -> None:
    customer = await world.customer("100")
    async with receiving() as receiver:
        target = receiver.url("/local").removeprefix("http://")
        process = await asyncio.create_subprocess_exec(
            *(FRAMEBUS, "listen", "--forward-to", target, "--events", "task.succeeded"),
            env=environment(world, customer),
            stdout=asyncio.subprocess.PIPE,
            preexec_fn=_interruptible,
        )
        assert process.stdout is not None
        try:
            assert b"Listening" in await asyncio.wait_for(process.stdout.readline(), 60)
            secret = (await process.stdout.readline()).decode().strip()
            document = await customer.make(seedance())
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            assert b"task.succeeded" in line
            process.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(process.wait(), 30) == 0
        finally:
            if process.returncode is None:
                process.kill()
    [came] = receiver.came
    assert Webhook(secret).verify(came.body, came.headers)["data"] == document


async def test_who_becomes_an_operator_sees_the_margin(world: World) -> None:
    customer = await world.customer("100")
    await customer.make(seedance())
    path, role = "/api/v1/admin/margin", ("account", "role", customer.id)
    assert got(await customer.api.get(path), 403)["error"]["code"] == "admin_required"

    async def answered(status: int) -> bool:
        return (await customer.api.get(path)).status_code == status

    await asyncio.to_thread(world.command, "gateway", *role, "--admin", "--reason", "on call")
    await until(lambda: answered(200), "the role")
    told = got(await customer.api.get(path, params={"group_by": "model,provider"}))
    mine = (seedance()["model"], "ark")
    [row] = [each for each in told["data"] if (each["model"], each["provider"]) == mine]
    settled = row["settled_credits"] + row["unknown_cost"]["settled_credits"]
    assert (row["tasks"] >= 1, settled >= 6.57) == (True, True), row
    code, out = await typed(world, customer, "admin", "margin", "--by", "model")
    assert (code, seedance()["model"] in out) == (0, True), out
    await asyncio.to_thread(world.command, "gateway", *role, "--user", "--reason", "off call")
    await until(lambda: answered(403), "the role is gone")
