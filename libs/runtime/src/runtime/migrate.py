"""Migrations: alembic, per service, on the service's own database."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import await_only

from runtime.bus import dead_letters, offsets
from runtime.outbox import table as outbox
from runtime.recovery import table as recovery
from runtime.work import table as work

RUNTIME_DDL = outbox.DDL + offsets.DDL + dead_letters.DDL
"""What every service with a bus begins with; `WORK_DDL` for those that do slow work."""

WORK_DDL = work.DDL


def upgrade(dsn: str, scripts: Path) -> None:
    """Bring a database to the newest revision; safe to run from several places at once."""
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.attributes["dsn"] = dsn
    command.upgrade(config, "head")
    asyncio.run(_own_tables(dsn))


async def _own_tables(dsn: str) -> None:
    """What the runtime's own tables need beyond the DDL that the service began with."""
    conn = await asyncpg.connect(dsn)
    try:
        if await conn.fetchval("SELECT to_regclass('outbox') IS NOT NULL"):
            await add_own_tables(conn)
    finally:
        await conn.close()


async def add_own_tables(conn: asyncpg.Connection) -> None:
    """The tables of every service with an outbox that came after its first migration, and partitions."""
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock(hashtext('framebus.migrate'))")
        await conn.execute(recovery.DDL)
        await outbox.ensure_partitions(conn)


def script(bind: Connection, sql: str) -> None:
    """Run several statements at once in the migration's transaction (asyncpg prepares only single ones)."""
    driver: Any = bind.connection.driver_connection
    await_only(driver.execute(sql))


def run_env(context: Any) -> None:
    """All that a service's `migrations/env.py` does."""
    asyncio.run(_run_env(context, context.config.attributes["dsn"]))


async def _run_env(context: Any, dsn: str) -> None:
    """One transaction, under an advisory lock."""
    engine = create_async_engine(_sqlalchemy_url(dsn), poolclass=pool.NullPool)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('framebus.migrate'))")
        await connection.run_sync(_run, context)
    await engine.dispose()


def _run(connection: Connection, context: Any) -> None:
    context.configure(connection=connection, transactional_ddl=True)
    context.run_migrations()


def _sqlalchemy_url(dsn: str) -> str:
    scheme, rest = dsn.split("://", 1)
    return dsn if "+" in scheme else f"postgresql+asyncpg://{rest}"
