"""Take hold of single processes of a running stack: what chaos runs and journeys need."""

import signal
from pathlib import Path

from stack import processes
from stack.aside import run_sync
from stack.errors import StackError
from stack.paths import STATE, Home
from stack.ports import assign


def pid(name: str, state: Path = STATE) -> int:
    """Return the pid of a process that lives; StackError if it doesn't."""
    record = _record(name, state)
    if not record.alive:
        raise StackError(f"{name} is dead")
    return record.pid


def kill(name: str, number: int = signal.SIGKILL, state: Path = STATE) -> None:
    """Send a signal to a process; StackError if it is dead already. Nobody restarts it."""
    if not processes.send(_record(name, state), number):
        raise StackError(f"{name} is dead")


def restart(name: str, state: Path = STATE, *, within: float = 60.0) -> int:
    """Stop the process if it lives, start it with the same settings, wait until it serves; its new pid."""
    record, home = _record(name, state), Home(state)

    async def again() -> int:
        await processes.stop(home, name)
        return (await processes.start(home, record.spec, within=within)).pid

    return run_sync(again())


def start_extra(service: str, *, name: str, port: int | None = None, state: Path = STATE) -> str:
    """Start a second process of a running service under `name`, at another port; its base URL.

    It is shown by `make status` and stopped by `make down` or `stop_extra`.
    """
    home = Home(state)
    chosen = port or assign(home, [name])[name]
    spec = processes.with_port(_record(service, state).spec, chosen)
    run_sync(processes.start(home, processes.renamed(spec, name)))
    return f"http://127.0.0.1:{chosen}"


def stop_extra(name: str, state: Path = STATE) -> None:
    """Stop a process in its own way and forget it."""
    run_sync(processes.stop(Home(state), name))


def _record(name: str, state: Path) -> processes.Record:
    record = processes.find(Home(state), name)
    if record is None:
        raise StackError(f"{name} is not started: see `make status`")
    return record
