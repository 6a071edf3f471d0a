"""`python -m gateway account create | list | show | retention | role`."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import typer
from catalog.catalog import Catalog
from contracts.ids import uuid7
from runtime.db import Database

from gateway.db import accounts, balances
from gateway.inbound.cli.session import refuse, settings, show, with_database
from gateway.inbound.http.numbers import credits_number
from gateway.usecases.change_account import AccountChange, change_account
from gateway.usecases.create_account import AccountError, create_account

cli = typer.Typer(no_args_is_help=True, help="Accounts.")


@cli.command()
def create(
    name: Annotated[str, typer.Option(help="What people call it.")],
    tier: Annotated[str, typer.Option(help="free, starter, creator, pro, studio or enterprise.")] = "free",
    account_id: Annotated[UUID | None, typer.Option("--id", help="Its id; the same again is fine.")] = None,
    admin: Annotated[bool, typer.Option(help="An operator's: its keys open /api/v1/admin.")] = False,
) -> None:
    """Make an account."""
    tiers = list(Catalog.load().tiers)
    chosen = account_id or uuid7()

    async def run(db: Database) -> bool:
        return await create_account(db, chosen, name, tier.lower(), tiers, role="admin" if admin else "user")

    try:
        created = with_database(settings(), run)
    except AccountError as error:
        refuse(error)
    show({"id": chosen, "name": name, "tier": tier.lower(), "created": created})


@cli.command("list")
def list_() -> None:
    """Show the accounts, a line of JSON each."""

    async def run(db: Database) -> None:
        for account in await accounts.page(db.pool, 10_000):
            show(account)

    with_database(settings(), run)


@cli.command("retention")
def retention(
    account_id: UUID,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Without it tasks are kept.")] = None,
) -> None:
    """Delete an account's tasks so many days after their end: what they were made of, not what they cost."""

    _change(account_id, {"retention_days": days})


@cli.command("role")
def role(
    account_id: UUID,
    admin: Annotated[bool, typer.Option("--admin/--user", help="An operator's account, or a customer's.")],
    reason: Annotated[str | None, typer.Option(help="For the audit log.")] = None,
) -> None:
    """Make an account an operator's, or a customer's again; its keys follow within half a second."""
    _change(account_id, {"role": "admin" if admin else "user"}, reason)


def _change(account_id: UUID, values: Mapping[str, Any], reason: str | None = None) -> None:
    async def run(db: Database) -> None:
        if await change_account(db, AccountChange(account_id, values, reason), ()) is None:
            refuse(ValueError(f"there is no account {account_id}"))
        show({"id": str(account_id), **values})

    with_database(settings(), run)


@cli.command("show")
def show_(account_id: UUID) -> None:
    """Show an account and its credits."""

    async def run(db: Database) -> None:
        account = await accounts.read(db.pool, account_id)
        if account is None:
            refuse(ValueError(f"there is no account {account_id}"))
        for asset in ("credit", "test"):
            standing = await balances.read(db.pool, account_id, asset)
            assert standing is not None, "an account is made with its balances"
            account[asset] = {
                "available": credits_number(standing.available_micro),
                "held": credits_number(standing.held_micro),
                "pending": credits_number(standing.pending_micro),
            }
        show(account)

    with_database(settings(), run)
