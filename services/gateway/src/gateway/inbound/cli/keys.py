"""`python -m gateway key create | list | disable | generate`."""

from typing import Annotated
from uuid import UUID

import typer
from runtime.db import Database

from gateway.db import keys
from gateway.db.keys import Terms
from gateway.domain import keys as key_format
from gateway.domain.scopes import SCOPES
from gateway.inbound.cli.session import refuse, settings, show, with_database
from gateway.usecases.create_key import KeyRefused, KeyRequest, create_key

cli = typer.Typer(no_args_is_help=True, help="API keys.")


@cli.command()
def create(
    account: Annotated[UUID, typer.Option(help="Whose key it is.")],
    name: Annotated[str, typer.Option(help="What it is for.")],
    test: Annotated[bool, typer.Option(help="A test key: it spends test credits, on the simulator.")] = False,
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", help="read, write, keys; all without it.")
    ] = None,
    secret: Annotated[str | None, typer.Option(help="A full key of yours; the same again is fine.")] = None,
) -> None:
    """Make a key and print it: this once."""
    if unknown := set(scopes or ()) - set(SCOPES):
        raise typer.BadParameter(
            f"no such scope: {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}"
        )
    values = settings()
    request = KeyRequest(
        account_id=account,
        terms=Terms(name, scopes or SCOPES),
        asset="test" if test else "credit",
        secret=secret,
    )

    async def run(db: Database) -> tuple[UUID, str]:
        return await create_key(db, request, values.key_pepper.get_secret_value().encode())

    try:
        key_id, key = with_database(values, run)
    except KeyRefused as error:
        refuse(error)
    show({"id": key_id, "account_id": account, "key": key})


@cli.command()
def generate(test: Annotated[bool, typer.Option(help="A test key.")] = False) -> None:
    """Print a well-formed key that nobody has, for `key create --secret`."""
    typer.echo(key_format.generate("test" if test else "credit"))


@cli.command("list")
def list_(account: Annotated[UUID | None, typer.Option(help="Only this account's.")] = None) -> None:
    """Show keys (never their secrets), a line of JSON each."""

    async def run(db: Database) -> None:
        for key in await keys.page(db.pool, account):
            show(key)

    with_database(settings(), run)


@cli.command()
def disable(key_id: UUID) -> None:
    """Disable a key for good; every process knows within half a second."""

    async def run(db: Database) -> bool:
        async with db.transaction() as tx:
            return await keys.disable(tx, key_id)

    if not with_database(settings(), run):
        refuse(ValueError(f"there is no key {key_id}"))
    show({"id": key_id, "disabled": True})
