"""A stack of the benches' own under `.framebus/bench`, and what a bench asks of it."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from contracts import topics
from stack import control, processes
from stack.aside import run_sync
from stack.clean import clean
from stack.deployment import describe, service_spec
from stack.paths import Home
from stack.servers import ServerSet
from stack.up import up

from bench.bus import Counter

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".framebus" / "bench"
TICKS = os.sysconf("SC_CLK_TCK")


class Stage:
    """The running stack: addresses, single processes, CPU seconds."""

    def __init__(self, facts: Mapping[str, Any], given: Mapping[str, str]) -> None:
        self.facts = facts
        self.home = Home(HOME)
        self._given = given

    @classmethod
    @contextlib.contextmanager
    def open(cls, given: Mapping[str, str] | None = None) -> "Iterator[Stage]":
        """Bring everything up from nothing with these settings, and leave nothing behind.

        No bench begins with another one's backlog, tables or statistics; a second one waits for the first.
        """
        with Home().locked("bench"):
            asyncio.run(clean(HOME, lambda _: None))
            try:
                asyncio.run(up(Home(HOME), {**os.environ, **(given or {})}, lambda _: None))
                yield cls(json.loads((HOME / "stack.json").read_text()), given or {})
            finally:
                asyncio.run(clean(HOME, lambda _: None))

    @property
    def gateway(self) -> str:
        """The gateway's address."""
        return str(self.facts["gateway_url"])

    @property
    def kafka(self) -> str:
        """The broker's address."""
        return str(self.facts["kafka_bootstrap"])

    def stop(self, *names: str) -> None:
        """Stop processes in their own way."""
        for name in names:
            control.stop_extra(name, HOME)

    def start(self, service: str, more: Mapping[str, str] = MappingProxyType({})) -> None:
        """Start a service that was stopped, with these settings over its own; returns when it is ready."""
        deployment = describe(self.home, ServerSet(self.home).addresses())
        spec = service_spec(service, deployment, self._given)
        spec = replace(spec, environment={**spec.environment, **more})
        run_sync(processes.ensure(self.home, spec))

    def start_more(self, service: str, number: int) -> str:
        """Start one more process of a running service, with the first one's settings; its name."""
        name = f"{service}-{number}"
        control.start_extra(service, name=name, state=HOME)
        return name

    def signal(self, number: int, *names: str) -> None:
        """Send a signal to processes."""
        for name in names:
            control.kill(name, number, HOME)

    def command(self, service: str, *words: str) -> str:
        """Run a service's own command; what it printed. Raises CalledProcessError when it fails."""
        return self._run(service, [sys.executable, "-m", service, *words], None)

    def keys(self, accounts: Sequence[UUID]) -> list[str]:
        """A key for each of these accounts."""
        words = [["key", "create", "--account", str(each), "--name", "bench"] for each in accounts]
        several = [sys.executable, "-m", "stack.several", "gateway"]
        printed, found = self._run("gateway", several, json.dumps(words)).strip(), []
        while printed:
            made, end = json.JSONDecoder().raw_decode(printed)
            found.append(str(made["key"]))
            printed = printed[end:].strip()
        return found

    def _run(self, service: str, argv: list[str], told: str | None) -> str:
        deployment = describe(self.home, ServerSet(self.home).addresses())
        environment = {**os.environ, **service_spec(service, deployment, self._given).environment}
        done = subprocess.run(argv, env=environment, input=told, check=True, capture_output=True, text=True)
        return done.stdout

    def account(self, amount: int, name: str = "bench") -> tuple[str, str]:
        """A new account that has that many credits: its id and a key."""
        account = str(uuid4())
        self.command("gateway", "account", "create", "--id", account, "--name", name, "--tier", "enterprise")
        printed = self.command("gateway", "key", "create", "--account", account, "--name", name)
        self.command("gateway", "grant", "--account", account, "--credits", str(amount), "--reason", "bench")
        key = str(json.loads(printed)["key"])
        self._wait_for_credits(key)
        return account, key

    def _wait_for_credits(self, key: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        with httpx.Client(headers={"Authorization": f"Bearer {key}"}, trust_env=False) as http:
            while not http.get(f"{self.gateway}/api/v1/credits").json().get("available"):
                if time.monotonic() > end:
                    raise RuntimeError("the credits never came")
                time.sleep(0.1)

    def proofs(self) -> tuple[str, bool]:
        """Prove the ledger's books: what to say of it, and whether they are right."""
        try:
            self.command("ledger", "check")
        except subprocess.CalledProcessError as wrong:
            return str(wrong.stdout)[-200:], False
        return "M1-M8 hold", True

    async def worked_off(self, *services: str, seconds: float = 600) -> None:
        """Wait until these services have handled every record of the topics they read."""
        async with Counter(self.kafka) as counter:
            for service in services:
                ends = await counter.ends(*(topic.name for topic in topics.read_by(service)))
                await self._handled(service, ends, time.monotonic() + seconds)

    async def _handled(self, service: str, ends: Mapping[tuple[str, int], int], until: float) -> None:
        conn = await asyncpg.connect(self.dsn(service))
        try:
            while left := _behind(ends, await conn.fetch(_HANDLED)):
                if time.monotonic() > until:
                    raise RuntimeError(f"{service} has {left} records left")
                await asyncio.sleep(0.2)
        finally:
            await conn.close()

    def cpu(self) -> dict[str, float]:
        """CPU seconds used so far, by process of the stack, its children included."""
        return {
            name: _cpu(record.pid) for name, record in processes.records(self.home).items() if record.alive
        }

    def rss(self) -> dict[str, float]:
        """Resident memory in MB, by process of the stack, its children included."""
        return {
            name: _rss(record.pid) for name, record in processes.records(self.home).items() if record.alive
        }

    def dsn(self, service: str) -> str:
        """The address of a service's database."""
        return str(self.facts["postgres"][service])

    @property
    def admin_dsn(self) -> str:
        """The superuser's address."""
        return ServerSet(self.home).addresses().postgres_admin_dsn

    async def analyze(self) -> None:
        """What autovacuum does within its minute: until then plans are those of empty tables."""
        for dsn in self.facts["postgres"].values():
            conn = await asyncpg.connect(f"{self.admin_dsn.rsplit('/', 1)[0]}/{dsn.rsplit('/', 1)[1]}")
            await conn.execute("ANALYZE")
            await conn.close()

    async def value(self, service: str, sql: str, *args: Any) -> Any:
        """One value from a service's database."""
        conn = await asyncpg.connect(self.dsn(service))
        try:
            return await conn.fetchval(sql, *args)
        finally:
            await conn.close()


_HANDLED = "SELECT topic, partition, next_offset FROM consumer_offsets"


def _behind(ends: Mapping[tuple[str, int], int], handled: list[asyncpg.Record]) -> int:
    known = {(row["topic"], row["partition"]): row["next_offset"] for row in handled}
    return sum(max(end - known.get(where, 0), 0) for where, end in ends.items())


def used(before: Mapping[str, float], after: Mapping[str, float], count: float) -> dict[str, float]:
    """CPU milliseconds for each of `count` things, by process; what used next to nothing is left out."""
    each = {name: (cpu - before.get(name, 0.0)) * 1000 / max(count, 1) for name, cpu in after.items()}
    return {name: round(value, 3) for name, value in each.items() if value >= 0.0005}


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        with contextlib.suppress(OSError):  # it has ended meanwhile
            for task in Path(f"/proc/{current}/task").glob("*/children"):
                queue += [int(child) for child in task.read_text().split()]
    return found


def _cpu(pid: int) -> float:
    total = 0
    for member in tree(pid):
        try:
            fields = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
        if member == pid:
            total += int(fields[13]) + int(fields[14])  # children that have ended
    return total / TICKS


def _rss(pid: int) -> float:
    total = 0
    for member in tree(pid):
        try:
            total += int(Path(f"/proc/{member}/statm").read_text().split()[1])
        except OSError:
            continue
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6
