"""Take hold of single processes of a running stack: what chaos runs and journeys need."""

import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
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


def start_extra(
    service: str,
    *,
    name: str,
    port: int | None = None,
    state: Path = STATE,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Start a second process of a running service under `name`, at another port; its base URL.

    It has the first one's settings, with `environment` over them. `make status` shows it; `make down` and
    `stop_extra` stop it.
    """
    home = Home(state)
    chosen = port or assign(home, [name])[name]
    spec = processes.renamed(processes.with_port(_record(service, state).spec, chosen), name)
    spec = replace(spec, environment={**spec.environment, **environment})
    run_sync(processes.start(home, spec))
    return f"http://127.0.0.1:{chosen}"


def failpoints(service: str, text: str | None = None, state: Path = STATE) -> dict[str, Any]:
    """Arm a running service's failpoints ("" disarms them); what is armed in it and what has happened.

    Its successor after a kill is armed with what it was started with. StackError if it refuses or is dead.
    """
    spec = _record(service, state).spec
    token = next((v for k, v in spec.environment.items() if k.endswith("_SERVICE_TOKEN")), None)
    if token is None:
        raise StackError(f"{service} has no failpoints: it is none of the services")
    url, headers = f"http://127.0.0.1:{spec.port}/internal/failpoints", {"Authorization": f"Bearer {token}"}
    with httpx.Client(headers=headers, timeout=30, trust_env=False) as http:
        try:
            answer = http.get(url) if text is None else http.put(url, json={"arm": text})
        except httpx.HTTPError as error:
            raise StackError(f"{service} can't be asked: {type(error).__name__}") from error
    if not answer.is_success:
        raise StackError(f"{service} refuses: {answer.text[:500]}")
    told: dict[str, Any] = answer.json()
    return told


def stop_extra(name: str, state: Path = STATE) -> None:
    """Stop a process in its own way and forget it."""
    run_sync(processes.stop(Home(state), name))


def _record(name: str, state: Path) -> processes.Record:
    record = processes.find(Home(state), name)
    if record is None:
        raise StackError(f"{name} is not started: see `make status`")
    return record
