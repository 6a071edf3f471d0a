"""The operator's scripts: dump all databases, lose one, put it back, recover; every task ends, paid once.

Short: the ledger, whose loss would hurt most. `FRAMEBUS_LONG=1`: each of the five.
"""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest
import restored_database as database
from contracts.topics import SERVICES
from recovery_load import Load, counted
from runtime.db import Database
from runtime.recovery.part import NotRestored, Recovering
from stack import databases

SCRIPTS = Path(__file__).parents[2] / "deploy" / "backup"
LOST = SERVICES if os.environ.get("FRAMEBUS_LONG") else ("ledger",)
FINISHED = "SELECT count(*) AS n FROM tasks WHERE account_id = $1 AND finished_at IS NOT NULL"
GRANTED = 10_000_000_000


async def script(world, name: str, *words: object) -> subprocess.CompletedProcess[str]:
    """Run one as an operator does, with the services' addresses."""
    dsns = {f"{service.upper()}_DATABASE_DSN": dsn for service, dsn in world.facts["postgres"].items()}
    tools = f"{database.BIN}:{os.environ['PATH']}"
    return await asyncio.to_thread(
        subprocess.run,
        [str(SCRIPTS / name), *map(str, words)],
        env={**os.environ, **dsns, "PATH": tools},
        capture_output=True,
        text=True,
        check=False,
    )


async def nothing_starts_on(world, service: str) -> None:
    """Without the mark of `restore.sh` a process would go on as if nothing had been said since the dump."""
    db = Database(world.facts["postgres"][service], name="forgetful", pool_size=2)
    await db.start()
    try:
        part = Recovering(
            db, service=service, bootstrap=world.facts["kafka_bootstrap"], group=service, topics=()
        )
        with pytest.raises(NotRestored, match=f"{service} recover"):
            await part.start()
    finally:
        await db.stop()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", LOST)
async def test_what_the_scripts_put_back_recovers_and_every_task_ends(world, service, tmp_path) -> None:
    customer = await world.customer("10000")
    load = Load(world, customer, f"backup-{service}")
    await load.submit(4)
    await counted(world, "gateway", FINISHED, customer, 1)
    dumped = await script(world, "backup.sh", tmp_path)
    assert dumped.returncode == 0, dumped.stderr
    dumps = sorted(tmp_path.iterdir())
    assert [(file.name, file.stat().st_mode & 0o077) for file in dumps] == [
        (f"{name}.dump", 0) for name in sorted(SERVICES)
    ]
    refused = await script(world, "restore.sh", tmp_path, service)
    assert (refused.returncode, "is not empty" in refused.stderr) == (1, True)

    await load.submit(6)
    await counted(world, "gateway", FINISHED, customer, 5)
    await database.lose(world, service)
    await databases.provision(database.admin(world), databases.passwords(world.home, [service]))
    restored = await script(world, "restore.sh", tmp_path, service)
    assert restored.returncode == 0, restored.stderr
    await nothing_starts_on(world, service)
    done = await asyncio.to_thread(world.command, service, "recover", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    await database.start(world, service)
    ended = await load.ended()
    assert service == "dispatcher" or ended["succeeded"] == len(load.tasks), ended
    await load.paid(GRANTED, ended["succeeded"])
