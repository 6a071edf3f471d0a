"""`python -m ledger api | consumer | worker | all | migrate | check | account | hold`."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import typer
from contracts.ids import task_from_text
from rich.console import Console
from rich.table import Table
from runtime.cli import Built, service_cli
from runtime.db import Connection

from ledger.inbound import terminal
from ledger.settings import Settings
from ledger.usecases.check_books import check_books

if TYPE_CHECKING:
    from runtime.recovery.recover import Restore


def _build(settings: Settings, roles: frozenset[str]) -> Built:
    from ledger.app import build  # noqa: PLC0415 -- the commands don't wait for what only a server needs

    return build(settings, roles)


def _restore(settings: Settings) -> "Restore":
    from ledger.app import restore  # noqa: PLC0415 -- likewise

    return restore(settings)


cli = service_cli(
    "ledger",
    settings=Settings,
    build=_build,
    restore=_restore,
    roles=("api", "consumer", "worker"),
    migrations=Path(__file__).parents[2] / "migrations",
)

Show = Callable[[Connection], Awaitable[list[Table]]]


@cli.command()
def check() -> None:
    """Prove the books (M1-M8) on one snapshot; exit code 1 when something is wrong."""
    findings = asyncio.run(check_books(_dsn()))
    Console().print(terminal.findings_table(findings))
    if any(finding.wrong for finding in findings):
        raise typer.Exit(1)


@cli.command()
def account(account_id: UUID, last: int = 20) -> None:
    """An account's balances and its last transfers."""
    _show(lambda conn: terminal.account_tables(conn, account_id, last))


@cli.command()
def hold(task: str) -> None:
    """A task's facts, hold, outcome and transfers; TASK is a UUID or task_…"""
    task_id = task_from_text(task) or _uuid(task)
    _show(lambda conn: terminal.hold_tables(conn, task_id))


def _dsn() -> str:
    return Settings().database_dsn.get_secret_value()


def _show(show: Show) -> None:
    async def run() -> list[Table]:
        conn = await asyncpg.connect(_dsn())
        try:
            return await show(conn)
        finally:
            await conn.close()

    try:
        tables = asyncio.run(run())
    except LookupError as missing:
        typer.echo(str(missing.args[0]), err=True)
        raise typer.Exit(1) from None
    for table in tables:
        Console().print(table)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is neither a UUID nor a task_… id") from None


if __name__ == "__main__":
    cli()
