"""Make an account."""

from collections.abc import Collection
from uuid import UUID

from contracts.ids import to_text
from runtime.db import Database

from gateway.db import accounts, audit
from gateway.db.audit import COMMAND_LINE, Actor, Entry

ACCOUNT = "acct_"


class AccountError(Exception):
    """The account can't be made as asked."""


async def create_account(
    db: Database,
    account_id: UUID,
    name: str,
    tier: str,
    known_tiers: Collection[str],
    actor: Actor = COMMAND_LINE,
    role: str = "user",
) -> bool:
    """Make it; False when it is there already, the same. Raises AccountError for another one of this id."""
    if tier not in known_tiers:
        raise AccountError(f"there is no tier {tier!r}; there are {', '.join(known_tiers)}")
    if not name.strip():
        raise AccountError("an account needs a name")
    async with db.transaction() as tx:
        if await accounts.insert(tx, account_id, name, tier, role):
            entry = Entry(
                actor.name,
                "account.created",
                to_text(ACCOUNT, account_id),
                account_id=account_id,
                actor_account_id=actor.account_id,
                detail={"name": name, "tier": tier, "role": role},
            )
            await audit.record(tx, entry)
            return True
        found = await accounts.read(tx, account_id)
    assert found is not None, "the insert met it"
    if (found["name"], found["tier"], found["role"]) != (name, tier, role):
        known = f"{found['name']!r}, tier {found['tier']}, role {found['role']}"
        raise AccountError(f"account {account_id} exists: {known}")
    return False
