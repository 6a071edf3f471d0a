"""`python -m gateway grant`."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer
from contracts.ids import uuid7
from runtime.db import Database
from runtime.outbox.recorder import Outbox
from runtime.outbox.relay import CHANNEL

from gateway.inbound.cli.session import refuse, settings, show, with_database
from gateway.usecases.grant_credits import Grant, GrantRefused, grant_credits, micro


class Asset(StrEnum):
    """What is granted."""

    CREDIT = "credit"
    TEST = "test"


class Kind(StrEnum):
    """Why it is granted."""

    TOPUP = "topup"
    PLAN = "plan"
    PROMOTION = "promotion"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"


def grant(
    account: Annotated[UUID, typer.Option(help="Who gets it.")],
    amount: Annotated[str, typer.Option("--credits", help="How many credits; negative to take back.")],
    reason: Annotated[str, typer.Option(help="For the books.")],
    asset: Annotated[Asset, typer.Option(help="credit or test.")] = Asset.CREDIT,
    kind: Annotated[Kind, typer.Option(help="Its kind in the books.")] = Kind.TOPUP,
    grant_id: Annotated[UUID | None, typer.Option("--id", help="Its id; the same again is fine.")] = None,
) -> None:
    """Add credits to an account, or take some back."""
    chosen = grant_id or uuid7()

    async def run(db: Database) -> bool:
        async def nudge() -> None:
            await db.pool.execute(f"NOTIFY {CHANNEL}")

        wanted = Grant(chosen, account, asset.value, micro(amount), kind.value, reason)
        return await grant_credits(db, Outbox("gateway", nudge=nudge), wanted)

    try:
        created = with_database(settings(), run)
    except GrantRefused as error:
        refuse(error)
    show({"id": chosen, "account_id": account, "credits": amount, "created": created})
