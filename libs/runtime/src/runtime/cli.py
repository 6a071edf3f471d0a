"""`python -m <service> <role>`: the same commands for every service."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from starlette.applications import Starlette

from runtime import failpoint_routes, failpoints, logs, process, tracing
from runtime.health import Part
from runtime.internal import InternalRoutes
from runtime.settings import ServiceSettings, StreamSettings

if TYPE_CHECKING:
    from runtime.recovery.recover import Restore

S = TypeVar("S", bound=StreamSettings)


@dataclass(frozen=True)
class Built:
    """What a service's `app.py` joins for the roles asked for: parts in starting order, and its HTTP app."""

    parts: Sequence[Part]
    app: Starlette | None = None


def service_cli(
    name: str,
    *,
    settings: Callable[[], S],
    build: Callable[[S, frozenset[str]], Built],
    restore: "Callable[[S], Restore]",
    roles: Collection[str],
    migrations: Path,
) -> typer.Typer:
    """The command line of a service: one command per role, `all` for every role in one process, and what an
    operator does to its database and outbox."""
    cli = typer.Typer(name=name, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    def serve(chosen: frozenset[str]) -> None:
        values = settings()
        logs.configure(name, level=values.log_level, style=values.log_format)
        failpoints.arm(values.failpoints)
        tracing.configure(name, values.collector)
        process.run(_serve(name, values, build, chosen))
        tracing.stop()

    for role in roles:
        cli.command(role, help=f"Run the {role} alone.")(_command(serve, frozenset({role})))
    cli.command("all", help="Run every role in one process.")(_command(serve, frozenset(roles)))

    @cli.command("migrate", help="Bring the database to the newest revision.")
    def _migrate() -> None:
        from runtime import migrate  # noqa: PLC0415 -- alembic and SQLAlchemy: a second and 30 MB of every start

        migrate.upgrade(settings().database_dsn.get_secret_value(), migrations)

    @cli.command("replay", help="Send outbox rows to Kafka again, under the same ids.")
    def _replay(
        since: Annotated[str | None, typer.Option(help="From this moment on (ISO 8601).")] = None,
        after: Annotated[str | None, typer.Option(help="After this cursor: epoch/transaction/row.")] = None,
        everything: Annotated[bool, typer.Option(help="All that is retained.")] = False,
    ) -> None:
        if [since is not None, after is not None, everything].count(True) != 1:
            raise typer.BadParameter("give one of --since, --after and --everything")
        from runtime.outbox import replay  # noqa: PLC0415 -- no other command needs Kafka's client

        dsn = settings().database_dsn.get_secret_value()
        try:
            typer.echo(once(lambda: replay.run(dsn, moment=since, cursor=after)))
        except ValueError as error:
            typer.echo(f"refused: {error}", err=True)
            raise typer.Exit(1) from None

    @cli.command("recover", help="After a restore: take back from Kafka what was said since the backup.")
    def _recover(
        lost_at: Annotated[
            str | None, typer.Option(help="When the old database was lost (ISO 8601); now if not given.")
        ] = None,
    ) -> None:
        from runtime.recovery import recover  # noqa: PLC0415 -- no other command needs Kafka's client

        values = settings()
        dsn, bootstrap = values.database_dsn.get_secret_value(), values.kafka_bootstrap
        try:
            typer.echo(once(lambda: recover.run(dsn, bootstrap, name, restore(values), lost_at)))
        except (ValueError, recover.RecoverRefused) as error:
            typer.echo(f"refused: {error}", err=True)
            raise typer.Exit(1) from None

    return cli


async def _serve(
    name: str, values: S, build: Callable[[S, frozenset[str]], Built], chosen: frozenset[str]
) -> None:
    built = build(values, chosen)
    await process.serve(
        built.parts,
        service=name,
        host=values.http_host,
        port=values.http_port,
        app=_app(values, built),
        drain_seconds=values.drain_seconds,
        notice_seconds=values.drain_notice_seconds,
    )


def _app(values: ServiceSettings, built: Built) -> Starlette:
    """The service's routes; in dev mode a process can be told where to fail while it runs."""
    app = built.app or Starlette()
    if values.environment == "dev":
        internal = InternalRoutes(values.service_token.get_secret_value())
        app.router.routes[:0] = failpoint_routes.routes(internal)
    return app


def _command(serve: Callable[[frozenset[str]], None], chosen: frozenset[str]) -> Callable[[], None]:
    def run() -> None:
        serve(chosen)

    return run


T = TypeVar("T")


def once(main: Callable[[], Awaitable[T]]) -> T:
    """Run one asynchronous command to its end."""

    async def run() -> T:
        return await main()

    return asyncio.run(run())
