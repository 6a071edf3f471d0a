"""`python -m dispatcher <role>`, and what an operator asks about jobs."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from runtime.cli import once, service_cli

from dispatcher import commands
from dispatcher.app import ROLES, SERVICE, build, restore
from dispatcher.domain.reconciliation import WRONG
from dispatcher.inbound import terminal
from dispatcher.settings import Settings

cli = service_cli(
    SERVICE,
    settings=Settings,
    build=build,
    restore=restore,
    roles=ROLES,
    migrations=Path(__file__).parents[2] / "migrations",
)


@cli.command("job", help="Show a task's job and its attempts.")
def _job(task: str = typer.Argument(help="task_… or a UUID")) -> None:
    dsn = Settings().database_dsn.get_secret_value()
    text = once(lambda: commands.job(dsn, task))
    if text is None:
        typer.echo(f"no job for {task}", err=True)
        raise typer.Exit(1)
    typer.echo(text)


@cli.command("providers", help="Show how each provider's keys do: answers, circuits, keys set aside.")
def _providers() -> None:
    dsn = Settings().database_dsn.get_secret_value()
    typer.echo(once(lambda: commands.providers(dsn)))


@cli.command("orphans", help="List attempts that a provider may have worked on, or has, for nothing.")
def _orphans() -> None:
    dsn = Settings().database_dsn.get_secret_value()
    found = once(lambda: commands.orphans(dsn))
    if found:
        typer.echo(found)


@cli.command("reconcile", help="Compare a provider's bills with our attempts; exit code 1 on a difference.")
def _reconcile(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or a log: provider, job_id, cost, billed.")],
    since: Annotated[str | None, typer.Option(help="The bills name every job from here on.")] = None,
    until: Annotated[str | None, typer.Option(help="And up to here.")] = None,
) -> None:
    dsn = Settings().database_dsn.get_secret_value()
    try:
        text = file.read_text("utf-8")
        findings = once(lambda: commands.reconcile(dsn, text, since, until))
    except (ValueError, OSError) as error:
        typer.echo(f"refused: {error}", err=True)
        raise typer.Exit(2) from None
    Console(width=None if sys.stdout.isatty() else 200).print(terminal.findings_table(findings))
    if any(finding.verdict in WRONG for finding in findings):
        raise typer.Exit(1)


if __name__ == "__main__":
    cli()
