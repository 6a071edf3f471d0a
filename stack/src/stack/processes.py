"""Detached processes with a record each, so that any later command finds, judges and stops them."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from stack.errors import StackError
from stack.identity import identity
from stack.paths import Home
from stack.ports import is_free
from stack.readiness import is_ready

_LOG_LIMIT = 64 * 1024 * 1024
_PAUSE = 0.05
_children: list[
    subprocess.Popen[bytes]
] = []  # kept, so that a child of this process is reaped and not warned about


@dataclass(frozen=True, slots=True)
class Spec:
    """How to run a process: `ready` is the URL that answers when it serves, `environment` lies over ours."""

    name: str
    argv: tuple[str, ...]
    port: int
    ready: str
    environment: Mapping[str, str] = field(default_factory=dict)
    user: int | None = None
    group: int | None = None
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 30.0
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Record:
    """A process that was started and not stopped by us since; it may have died."""

    spec: Spec
    pid: int
    identity: str
    started_at: float

    @property
    def alive(self) -> bool:
        """Whether the pid still is the process that was started."""
        return identity(self.pid) == self.identity

    async def ready(self) -> bool:
        """Whether it is alive and serves."""
        return self.alive and await is_ready(self.spec.ready)


def records(home: Home) -> dict[str, Record]:
    """Return every record of this stack by name, dead processes included."""
    found = (find(home, file.stem) for file in sorted(home.run.glob("*.json")))
    return {record.spec.name: record for record in found if record}


def find(home: Home, name: str) -> Record | None:
    """Return the record of one process, or None if it wasn't started or was stopped."""
    try:
        saved = json.loads((home.run / f"{name}.json").read_text())
    except FileNotFoundError:
        return None
    spec = Spec(**{**saved["spec"], "argv": tuple(saved["spec"]["argv"])})
    return Record(spec, saved["pid"], saved["identity"], saved["started_at"])


async def ensure(home: Home, spec: Spec, *, within: float = 60.0) -> bool:
    """Have the process running as `spec` says and ready; True if it had to be started or restarted."""
    record = find(home, spec.name)
    if record and record.alive:
        if record.spec == spec:
            await wait_ready(home, record, within)
            return False
        await stop(home, spec.name)
    await start(home, spec, within=within)
    return True


async def start(home: Home, spec: Spec, *, within: float = 60.0) -> Record:
    """Start it and wait until it is ready; StackError carries the end of its log if it is not."""
    await _port_is_free(spec)
    for left in range(spec.attempts - 1, -1, -1):
        record = await asyncio.to_thread(_launch, home, spec)
        try:
            await wait_ready(home, record, within)
        except StackError:
            if record.alive or not left:
                raise
            await asyncio.sleep(0.5)
        else:
            return record
    raise StackError(f"{spec.name} was given no attempt to start")


async def launch(home: Home, spec: Spec) -> Record:
    """Start it once its port is free and don't wait until it is ready: what it needs may be away."""
    await _port_is_free(spec)
    return await asyncio.to_thread(_launch, home, spec)


async def _port_is_free(spec: Spec, within: float = 10.0) -> None:
    """Wait until nobody listens there: a killed process may answer for a moment in its successor's place."""
    until = time.monotonic() + within
    while not is_free(spec.port):
        if time.monotonic() > until:
            raise StackError(f"port {spec.port} of {spec.name} is taken by another process")
        await asyncio.sleep(_PAUSE)


async def wait_ready(home: Home, record: Record, within: float = 60.0) -> None:
    """Wait until the process serves; StackError if it dies first or isn't ready after `within` seconds."""
    until = time.monotonic() + within
    while not await record.ready():
        if not record.alive:
            raise StackError(_complaint(home, record.spec.name, "died while starting"))
        if time.monotonic() > until:
            raise StackError(_complaint(home, record.spec.name, f"is not ready after {within:.0f} s"))
        await asyncio.sleep(_PAUSE)


async def stop(home: Home, name: str) -> bool:
    """Stop the process in its own way, wait until it is gone and forget it; True if it was running."""
    record = find(home, name)
    if record is None:
        return False
    was_alive = send(record, record.spec.stop_signal)
    if was_alive and not await gone(record, record.spec.stop_seconds):
        _kill_group(record)
        await gone(record, 10.0)
    (home.run / f"{name}.json").unlink(missing_ok=True)
    return was_alive


def send(record: Record, number: int) -> bool:
    """Send a signal if the process is still ours to signal; False if it is gone."""
    if not record.alive:
        return False
    try:
        os.kill(record.pid, number)
    except ProcessLookupError:
        return False
    return True


def with_port(spec: Spec, port: int) -> Spec:
    """Return the spec as it is at another port, in its arguments, environment and readiness URL alike."""
    old, new = str(spec.port), str(port)
    return replace(
        spec,
        port=port,
        argv=tuple(new if word == old else word for word in spec.argv),
        environment={key: new if value == old else value for key, value in spec.environment.items()},
        ready=spec.ready.replace(f":{old}", f":{new}"),
    )


def renamed(spec: Spec, name: str) -> Spec:
    """Return the spec under another name, so that it is one more process and a consumer of its own."""
    environment = {
        key: name if key.endswith("_INSTANCE_ID") else value for key, value in spec.environment.items()
    }
    return replace(spec, name=name, environment=environment)


async def gone(record: Record, within: float) -> bool:
    """Wait until the process has ended; False if it still lives after `within` seconds."""
    until = time.monotonic() + within
    while record.alive:
        if time.monotonic() > until:
            return False
        _reap()
        await asyncio.sleep(_PAUSE)
    return True


def _kill_group(record: Record) -> None:
    if record.alive:
        os.killpg(record.pid, signal.SIGKILL)


def _reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]


def _launch(home: Home, spec: Spec) -> Record:
    _reap()
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with _log(home, spec.name).open("ab") as log:
        child = subprocess.Popen(
            spec.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env={**inherited, **spec.environment},
            user=spec.user,
            group=spec.group,
            extra_groups=[] if spec.user is not None else None,
        )
    _children.append(child)
    record = Record(spec, child.pid, identity(child.pid) or "died at once", time.time())
    _save(home, record)
    return record


def _save(home: Home, record: Record) -> None:
    file = home.run / f"{record.spec.name}.json"
    draft = file.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(asdict(record), out, indent=1)
    draft.replace(file)


def _log(home: Home, name: str) -> Path:
    file = home.logs / f"{name}.log"
    if file.exists() and file.stat().st_size > _LOG_LIMIT:
        file.replace(file.with_suffix(".log.old"))
    return file


def _complaint(home: Home, name: str, what: str, lines: int = 15) -> str:
    log = (home.logs / f"{name}.log").read_text(errors="replace").splitlines()
    return "\n".join([f"{name} {what}. Its log ends:", *log[-lines:]])
