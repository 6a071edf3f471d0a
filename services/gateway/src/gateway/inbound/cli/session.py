"""What the commands share: settings, a database for a moment, answers on standard output."""

from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeVar

import orjson
import typer
from runtime.cli import once
from runtime.db import Database

from gateway.settings import Settings

T = TypeVar("T")


def settings() -> Settings:
    """From the environment."""
    return Settings()


def with_database(values: Settings, command: Callable[[Database], Awaitable[T]]) -> T:
    """Run a command on a database that is open as long as it runs."""

    async def run() -> T:
        db = Database(values.database_dsn.get_secret_value(), name="gateway-cli", pool_size=2)
        await db.start()
        try:
            return await command(db)
        finally:
            await db.stop()

    return once(run)


def show(value: dict[str, Any]) -> None:
    """Write a line of JSON."""
    typer.echo(orjson.dumps(value, default=str).decode())  # asyncpg's UUID is none to orjson


def refuse(error: Exception) -> NoReturn:
    """Say what can't be done and why."""
    typer.echo(f"error: {error}", err=True)
    raise typer.Exit(1)
