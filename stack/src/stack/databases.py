"""A database and a role per service; a role can connect to its own database and to no other."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlsplit

import asyncpg
from stack.paths import Home
from stack.secrets_file import secret

SERVICES = ("gateway", "ledger", "dispatcher", "callbacks", "storage")


def passwords(home: Home, names: Iterable[str] = SERVICES) -> dict[str, str]:
    """Return the roles' passwords, made at the first call."""
    return {name: secret(home, f"postgres.{name}") for name in names}


def dsn(admin_dsn: str, name: str, password: str) -> str:
    """Return the DSN of a service: its role and its database, both called `name`."""
    server = urlsplit(admin_dsn).netloc.rpartition("@")[2]
    return f"postgresql://{name}:{quote(password, safe='')}@{server}/{name}"


async def provision(admin_dsn: str, roles: Mapping[str, str]) -> None:
    """Make the roles and databases that are missing, set the passwords, close the doors to everybody else."""
    connection = await asyncpg.connect(admin_dsn)
    try:
        own = await connection.fetchval("SELECT current_database()")
        for name, password in roles.items():
            await _role(connection, name, password)
            await _database(connection, name)
        for name in (own, "template1"):
            await connection.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
    finally:
        await connection.close()


async def _role(connection: asyncpg.Connection, name: str, password: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
        await connection.execute(f'CREATE ROLE "{name}"')
    literal = await connection.fetchval("SELECT quote_literal($1::text)", password)
    await connection.execute(
        f'ALTER ROLE "{name}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {literal}'
    )


async def _database(connection: asyncpg.Connection, name: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        await connection.execute(f'GRANT "{name}" TO CURRENT_USER')
        await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
    await connection.execute(f'REVOKE CONNECT, TEMPORARY ON DATABASE "{name}" FROM PUBLIC')
