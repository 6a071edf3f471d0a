"""The stack under `.framebus/chaos`: begun anew for each run, watched over as a container runtime would."""

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from stack import processes
from stack.down import down
from stack.errors import StackError
from stack.paths import Home
from stack.ports import assign
from stack.servers import ServerSet
from stack.up import up

from chaos.schedule import SERVICES
from chaos.sight import Sight

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".framebus" / os.environ.get("CHAOS_HOME", "chaos")
"""Another name in `CHAOS_HOME` lets two runs go side by side."""
SERVERS = ("postgres", "kafka", "s3")
HOLD_MARGIN_SECONDS = 4
_STARTS = 6
TASK_DEADLINE_SECONDS = 60
# Minutes of the product become seconds, so that what takes long there is seen here.
SHORT = {
    "SIM_RENDER": "cached",
    "SIM_DELAY_SECONDS": "1",
    "GATEWAY_TASK_DEADLINE_SECONDS": str(TASK_DEADLINE_SECONDS),
    "GATEWAY_LEAST_DEADLINE_SECONDS": "2",
    "GATEWAY_REPEAT_AFTER_SECONDS": "8",
    "GATEWAY_REPEAT_EVERY_SECONDS": "2",
    "LEDGER_CONSUMER_SESSION_SECONDS": "6",
    "LEDGER_HOLD_MARGIN_SECONDS": str(HOLD_MARGIN_SECONDS),
    "LEDGER_SWEEP_EVERY_SECONDS": "0.5",
    "LEDGER_SWEEP_CALM_SECONDS": "2",
    "DISPATCHER_UNCERTAIN_AFTER_SECONDS": "12",
    "DISPATCHER_ABSENT_AFTER_SECONDS": "6",
    "DISPATCHER_FOLLOW_ORPHANS_SECONDS": "120",
    "STORAGE_LEASE_SECONDS": "5",
}


@dataclass
class Stage:
    """The running stack: its processes, its databases, and the supervisor that brings back what died."""

    facts: Mapping[str, Any]
    admin_dsn: str
    """The superuser's address of Postgres."""
    home: Home = field(default_factory=lambda: Home(HOME))
    brought_back: Counter[str] = field(default_factory=Counter)
    _pools: dict[str, asyncpg.Pool] = field(default_factory=dict)
    _watching: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, customer: str, without: str | None = None) -> "Stage":
        """Begin with empty databases, topics and bucket. `customer`: where webhooks may go, host and port.

        `without`: the remedy that every process from now on does without.
        """
        if without is not None:
            os.environ |= {"PYTHONPATH": str(Path(__file__).parent / "without"), "CHAOS_WITHOUT": without}
        await down(Home(HOME), lambda _: None)
        await asyncio.to_thread(_forget, Home(HOME))
        ports = assign(Home(HOME), ["simulator"])
        local = f"127.0.0.1:{ports['simulator']},{customer}"
        given = {**os.environ, **SHORT, "CALLBACKS_ALLOWED_HOSTS": local}
        await _serving(given)
        facts = json.loads((HOME / "stack.json").read_text())
        stage = cls(facts, ServerSet(Home(HOME)).addresses().postgres_admin_dsn)
        stage._watching = asyncio.create_task(stage._supervise())
        return stage

    async def close(self) -> None:
        """Stop everything; the logs and the report stay."""
        if self._watching is not None:
            self._watching.cancel()
        for pool in self._pools.values():
            pool.terminate()
        for name in SERVICES:
            self.signal(name, signal.SIGCONT)
        await down(self.home, lambda _: None)

    # -- processes ----------------------------------------------------------------------------------

    def alive(self, name: str) -> bool:
        """Whether the process lives; a stopped one counts."""
        record = processes.find(self.home, name)
        return record is not None and record.alive

    def signal(self, name: str, number: int) -> bool:
        """Send a signal; False if there is nobody to get it."""
        record = processes.find(self.home, name)
        return record is not None and processes.send(record, number)

    def process(self, name: str) -> int | None:
        """The id of the process that has a name now."""
        record = processes.find(self.home, name)
        return record.pid if record is not None and record.alive else None

    def sight(self, *names: str) -> Sight:
        """What some processes' logs say from now on."""
        return Sight(*(self.home.logs / f"{name}.log" for name in names))

    async def ready(self, name: str) -> bool:
        """Whether it serves."""
        record = processes.find(self.home, name)
        return record is not None and await record.ready()

    async def server_away(self, name: str, seconds: float, *, crash: bool) -> None:
        """Take Kafka, Postgres or the object store away for a while."""
        record = processes.find(self.home, name)
        assert record is not None, f"{name} was started"
        if crash:
            processes.send(record, signal.SIGKILL)
        else:
            await processes.stop(self.home, name)
        await asyncio.sleep(seconds)
        await processes.start(self.home, record.spec, within=120)

    async def twin(self, service: str, name: str) -> None:
        """Start a second process of a service."""
        record = processes.find(self.home, service)
        assert record is not None, f"{service} was started"
        chosen = assign(self.home, [name])[name]
        spec = processes.renamed(processes.with_port(record.spec, chosen), name)
        await processes.start(self.home, spec, within=90)

    async def end_twin(self, name: str) -> None:
        """Stop it in its own way."""
        await processes.stop(self.home, name)

    async def _supervise(self) -> None:
        """Bring back what died, within a second, as a container runtime does."""
        while True:
            await asyncio.sleep(0.5)
            for name in SERVICES:
                if not self.alive(name):
                    await self._bring_back(name)

    async def _bring_back(self, name: str) -> None:
        record = processes.find(self.home, name)
        if record is None:
            return
        self.brought_back[name] += 1
        try:
            await processes.launch(self.home, record.spec)
        except StackError as fault:  # its port is still held by what is left of it: the next round
            print(f"          {name} could not be brought back yet: {fault}")

    # -- databases ----------------------------------------------------------------------------------

    async def pool(self, service: str) -> asyncpg.Pool:
        """Connections to a service's database, a superuser's for `postgres`."""
        if service not in self._pools:
            dsn = self.admin_dsn if service == "postgres" else str(self.facts["postgres"][service])
            self._pools[service] = await asyncpg.create_pool(
                dsn, min_size=0, max_size=4, command_timeout=60, max_inactive_connection_lifetime=5
            )
        return self._pools[service]

    async def rows(self, service: str, sql: str, *args: Any) -> list[dict[str, Any]]:
        """All rows of a query; tried again while Postgres is away."""
        for left in range(40, -1, -1):
            try:
                return list(map(dict, await (await self.pool(service)).fetch(sql, *args)))
            except (
                OSError,
                asyncpg.PostgresConnectionError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,
                asyncpg.OperatorInterventionError,
            ):
                if not left:
                    raise
                await asyncio.sleep(0.5)
        raise AssertionError("unreachable")

    async def value(self, service: str, sql: str, *args: Any) -> Any:
        """The first column of the first row."""
        found = await self.rows(service, sql, *args)
        return next(iter(found[0].values())) if found else None

    async def alter(self, service: str, sql: str) -> None:
        """Change a service's database as its superuser."""
        conn = await asyncpg.connect(self.superuser(service), timeout=10)
        try:
            await conn.execute("SET lock_timeout = '10s'")
            await conn.execute(sql)
        finally:
            await conn.close(timeout=3)

    def superuser(self, service: str) -> str:
        """The superuser's address of a service's database."""
        name = str(self.facts["postgres"][service]).rsplit("/", 1)[1]
        return self.admin_dsn.rsplit("/", 1)[0] + f"/{name}"

    # -- the rest -----------------------------------------------------------------------------------

    async def simulate(self, method: str, path: str, **given: Any) -> Any:
        """Ask the simulator's control."""
        transport = httpx.AsyncHTTPTransport(retries=3)
        async with httpx.AsyncClient(
            base_url=self.facts["simulator_url"], transport=transport, timeout=30
        ) as client:
            response = await client.request(method, f"/_control/{path}", **given)
            response.raise_for_status()
            return response.json()

    async def command(self, service: str, *words: str) -> tuple[int, str]:
        """Run a service's own command: its exit code and what it said."""
        return await self._interpret(service, "-m", service, *words)

    async def python(self, service: str, code: str) -> str:
        """Run some lines with a service's settings; what they printed. Raises StackError."""
        exit_code, said = await self._interpret(service, "-c", code)
        if exit_code:
            raise StackError(said[-800:])
        return said

    async def _interpret(self, service: str, *words: str) -> tuple[int, str]:
        record = processes.find(self.home, service)
        assert record is not None, f"{service} was started"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *words),
            env={**os.environ, **record.spec.environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    def logged(self, names: Sequence[str] | None = None) -> "list[dict[str, Any]]":
        """Every JSON line of the services' logs."""
        lines: list[dict[str, Any]] = []
        for file in sorted(self.home.logs.glob("*.log")):
            if names is not None and file.stem not in names:
                continue
            for line in file.read_text(errors="replace").splitlines():
                if line.startswith("{"):
                    try:
                        lines.append({**json.loads(line), "process": file.stem})
                    except json.JSONDecodeError:  # the end of a killed process
                        continue
        return lines


async def until(condition: Any, what: str, seconds: float) -> float:
    """Wait for a condition; the seconds it took. Raises TimeoutError that says what never came."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if await condition():
            return time.monotonic() - begun
        await asyncio.sleep(0.3)
    raise TimeoutError(f"not within {seconds:.0f} s: {what}")


async def _serving(given: Mapping[str, str]) -> None:
    """Bring all of it up; a busy machine gets some more time. Raises StackError."""
    for left in range(_STARTS - 1, -1, -1):
        try:
            await up(Home(HOME), given, lambda _: None)
        except StackError:
            if not left:
                await down(Home(HOME), lambda _: None)
                raise
        else:
            return


def _forget(home: Home) -> None:
    """An empty state: no data, no logs, no seeded accounts; reports stay."""
    note = home.data / "postgres.location"
    if note.exists():
        shutil.rmtree(note.read_text().strip(), ignore_errors=True)
    for entry in home.state.iterdir() if home.state.exists() else ():
        if entry.name.startswith("report-"):
            continue
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
