"""Grant credits: said to the ledger once per id."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from uuid import UUID

from contracts.events import MAX_BIGINT
from contracts.ids import to_text
from contracts.money import MICRO_PER_CREDIT
from runtime.db import Database
from runtime.outbox.recorder import Outbox

from gateway.db import accounts, audit, balances, grants
from gateway.db.audit import COMMAND_LINE, Actor, Entry
from gateway.domain.amounts import credits_text
from gateway.outbound.events import GrantKind, credits_granted

GRANT = "grant_"


class GrantRefused(Exception):
    """The grant can't be made as asked."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Credits to add, or with a negative amount to take back."""

    id: UUID
    account_id: UUID
    asset: str
    amount_micro: int
    kind: GrantKind
    reason: str
    actor: Actor = COMMAND_LINE


def micro(text: str) -> int:
    """Credits as typed, in micro-credits, exactly. Raises GrantRefused."""
    try:
        amount = Decimal(text) * MICRO_PER_CREDIT
    except InvalidOperation:
        raise GrantRefused(f"{text!r} is not an amount") from None
    if (
        not amount.is_finite()
        or amount != amount.to_integral_value()
        or not 0 < abs(amount) <= MAX_BIGINT // 2
    ):
        raise GrantRefused(f"{text!r} is not an amount in credits with at most 6 decimals")
    return int(amount)


async def grant_credits(db: Database, outbox: Outbox, grant: Grant) -> bool:
    """Write the grant down and say so; False when the same one is there already.

    A negative amount counts as spent until the ledger has answered. Raises GrantRefused: unknown account, no
    reason, or another grant of this id.
    """
    if not grant.reason.strip():
        raise GrantRefused("a grant needs a reason")
    async with db.transaction() as tx:
        if await accounts.read(tx, grant.account_id) is None:
            raise GrantRefused(f"there is no account {grant.account_id}")
        await balances.lock(tx, [(grant.account_id, grant.asset)])
        granted_at = await grants.insert(
            tx, grant.id, grant.account_id, grant.asset, grant.amount_micro, grant.kind, grant.reason
        )
        if granted_at is None:
            known = await grants.content(tx, grant.id)
            if known != (grant.account_id, grant.asset, grant.amount_micro, grant.kind, grant.reason):
                raise GrantRefused(f"grant {grant.id} exists with another content")
            return False
        if grant.amount_micro < 0:
            await balances.add_pending(tx, (grant.account_id, grant.asset), -grant.amount_micro)
        message = credits_granted(
            grant.id, grant.account_id, grant.asset, grant.amount_micro, grant.kind, grant.reason, granted_at
        )
        await audit.record(tx, _entry(grant))
        await outbox.record(tx, [message])
        return True


def _entry(grant: Grant) -> Entry:
    return Entry(
        grant.actor.name,
        "credits.granted",
        to_text(GRANT, grant.id),
        account_id=grant.account_id,
        actor_account_id=grant.actor.account_id,
        reason=grant.reason,
        detail={"credits": credits_text(grant.amount_micro), "asset": grant.asset, "kind": grant.kind},
    )
