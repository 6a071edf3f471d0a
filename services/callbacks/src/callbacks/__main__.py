"""`python -m callbacks <command>`."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from contracts.ids import task_from_text
from providers.tokens import sign_endpoint
from runtime.cli import once, service_cli
from runtime.db import Database

from callbacks.app import ROLES, SERVICE, build, restore
from callbacks.inbound.http.webhooks import PATH
from callbacks.settings import Settings
from callbacks.usecases.show_webhooks import show_webhooks

cli = service_cli(
    SERVICE,
    settings=Settings,
    build=build,
    restore=restore,
    roles=ROLES,
    migrations=Path(__file__).parents[2] / "migrations",
)


@cli.command("webhooks", help="What came in for a task, and when.")
def webhooks(
    task: Annotated[str, typer.Option(help="task_… or its UUID")],
    bodies: Annotated[bool, typer.Option("--bodies", help="With headers and bodies.")] = False,
) -> None:
    """Print a line per webhook; exit code 1 when there is none."""
    task_id = _task_id(task)

    async def show() -> int:
        db = Database(Settings().database_dsn.get_secret_value(), name=f"{SERVICE}-cli", pool_size=2)
        await db.start()
        try:
            lines = [line async for line in show_webhooks(db, task_id, bodies=bodies)]
        finally:
            await db.stop()
        typer.echo("\n".join(lines) if lines else "no webhook came for this task")
        return 0 if lines else 1

    raise typer.Exit(once(show))


@cli.command("address", help="Where a provider's account is to send its webhooks; it holds a secret.")
def address(
    provider: Annotated[str, typer.Option(help="As the dispatcher calls it: openai, replicate, …")],
    base_url: Annotated[str, typer.Option(help="Where providers reach this service.")],
) -> None:
    """Print the address to register, once for all of the provider's jobs."""
    settings = Settings()
    if provider not in settings.providers:
        raise typer.BadParameter(f"there is no provider {provider!r}")
    token = sign_endpoint(settings.callback_secrets[0].get_secret_value(), provider)
    typer.echo(f"{base_url.rstrip('/')}{PATH.format(provider=provider)}?token={token}")


def _task_id(text: str) -> UUID:
    try:
        return task_from_text(text) or UUID(text)
    except ValueError:
        raise typer.BadParameter("neither task_… nor a UUID") from None


if __name__ == "__main__":
    cli()
