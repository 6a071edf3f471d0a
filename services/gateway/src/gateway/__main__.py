"""`python -m gateway`: api, consumer, all, migrate; and the commands for accounts, keys and grants."""

from pathlib import Path

from runtime.cli import service_cli

from gateway.app import SERVICE, build
from gateway.inbound.cli import accounts, grants, keys
from gateway.settings import Settings

cli = service_cli(
    SERVICE,
    settings=Settings,
    build=build,
    roles=("api", "consumer"),
    migrations=Path(__file__).parents[2] / "migrations",
)
cli.add_typer(accounts.cli, name="account")
cli.add_typer(keys.cli, name="key")
cli.command("grant", help="Add credits to an account, or take some back.")(grants.grant)

if __name__ == "__main__":
    cli()
