"""A stack of the benches' own under `.framebus/bench`, and what a bench asks of it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from stack import control, processes
from stack.aside import run_sync
from stack.deployment import describe, service_spec
from stack.down import down
from stack.paths import Home
from stack.servers import ServerSet
from stack.up import up

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".framebus" / "bench"
TICKS = os.sysconf("SC_CLK_TCK")


class Stage:
    """The running stack: addresses, single processes, CPU seconds."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = facts
        self.home = Home(HOME)

    @classmethod
    def open(cls, given: Mapping[str, str] | None = None) -> "Stage":
        """Bring everything up anew with these settings: a process that still runs may have older code."""
        environment = {**os.environ, **(given or {})}
        asyncio.run(down(Home(HOME), lambda _: None))
        asyncio.run(up(Home(HOME), environment, lambda _: None))
        return cls(json.loads((HOME / "stack.json").read_text()))

    def stop(self, *names: str) -> None:
        """Stop processes in their own way."""
        for name in names:
            control.stop_extra(name, HOME)

    def start(self, service: str) -> None:
        """Start a service that was stopped; returns when it is ready."""
        deployment = describe(self.home, ServerSet(self.home).addresses())
        run_sync(processes.ensure(self.home, service_spec(service, deployment, {})))

    def command(self, service: str, *words: str) -> str:
        """Run a service's own command; what it printed. Raises CalledProcessError when it fails."""
        deployment = describe(self.home, ServerSet(self.home).addresses())
        environment = {**os.environ, **service_spec(service, deployment, {}).environment}
        done = subprocess.run(
            [sys.executable, "-m", service, *words],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def account(self, amount: int, name: str = "bench") -> tuple[str, str]:
        """A new account with that many credits granted: its id and a key."""
        account = str(uuid4())
        self.command("gateway", "account", "create", "--id", account, "--name", name, "--tier", "enterprise")
        printed = self.command("gateway", "key", "create", "--account", account, "--name", name)
        self.command("gateway", "grant", "--account", account, "--credits", str(amount), "--reason", "bench")
        return account, str(json.loads(printed)["key"])

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

    async def value(self, service: str, sql: str, *args: Any) -> Any:
        """One value from a service's database."""
        conn = await asyncpg.connect(self.dsn(service))
        try:
            return await conn.fetchval(sql, *args)
        finally:
            await conn.close()


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        for task in Path(f"/proc/{current}/task").glob("*/children"):
            try:
                queue += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
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
