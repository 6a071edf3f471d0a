"""`python -m gateway`: api, consumer, all, migrate; and the commands for accounts, keys and grants."""

from pathlib import Path
from typing import TYPE_CHECKING

from runtime.cli import Built, service_cli

from gateway.inbound.cli import accounts, grants, keys
from gateway.settings import Settings

if TYPE_CHECKING:
    from runtime.recovery.recover import Restore


def _build(settings: Settings, roles: frozenset[str]) -> Built:
    from gateway.app import build  # noqa: PLC0415 -- the commands don't wait for what only a server needs

    return build(settings, roles)


def _restore(settings: Settings) -> "Restore":
    from gateway.app import restore  # noqa: PLC0415 -- likewise

    return restore(settings)


cli = service_cli(
    "gateway",
    settings=Settings,
    build=_build,
    restore=_restore,
    roles=("api", "consumer"),
    migrations=Path(__file__).parents[2] / "migrations",
)
cli.add_typer(accounts.cli, name="account")
cli.add_typer(keys.cli, name="key")
cli.command("grant", help="Add credits to an account, or take some back.")(grants.grant)

if __name__ == "__main__":
    cli()
