"""`python -m storage <role>`, and what an operator asks about copies."""

from pathlib import Path
from typing import Annotated

import typer
from runtime.cli import once, service_cli
from runtime.objects.errors import ObjectStoreError

from storage import commands
from storage.app import ROLES, SERVICE, build, restore
from storage.settings import Settings

cli = service_cli(
    SERVICE,
    settings=Settings,
    build=build,
    restore=restore,
    roles=ROLES,
    migrations=Path(__file__).parents[2] / "migrations",
)


@cli.command("copies", help="Show what was copied for a task, or why it wasn't yet.")
def _copies(task: Annotated[str, typer.Argument(help="task_… or a UUID")]) -> None:
    dsn = Settings().database_dsn.get_secret_value()
    try:
        text = once(lambda: commands.copies(dsn, task))
    except ValueError:
        raise typer.BadParameter(f"{task} is neither a UUID nor a task_… id") from None
    if text is None:
        typer.echo(f"nothing was ever to be copied for {task}", err=True)
        raise typer.Exit(1)
    typer.echo(text)


@cli.command("sweep", help="List, or remove, objects that no task has and unfinished uploads.")
def _sweep(
    delete: Annotated[bool, typer.Option("--delete", help="Remove them.")] = False,
    hours: Annotated[float, typer.Option(min=1, help="Only what is older than that many hours.")] = 24,
) -> None:
    settings = Settings()
    try:
        count = once(lambda: commands.sweep(settings, hours, delete=delete, say=typer.echo))
    except ObjectStoreError as error:
        typer.echo(f"{error} ({error.code})", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{count} {'removed' if delete else 'found'}")


@cli.command("bucket", help="Make the bucket unless it is there.")
def _bucket() -> None:
    try:
        typer.echo(once(lambda: commands.bucket(Settings())))
    except ObjectStoreError as error:
        typer.echo(f"{error} ({error.code})", err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    cli()
