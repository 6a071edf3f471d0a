"""Change an account: its name, tier, state, retention and limit. Every process knows within half a second."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ids import to_text
from runtime.db import Database

from gateway.db import accounts, audit
from gateway.db.accounts import AccountTerms
from gateway.db.audit import COMMAND_LINE, Actor, Entry
from gateway.usecases.create_account import ACCOUNT, AccountError


@dataclass(frozen=True, slots=True)
class AccountChange:
    """Which account, its new values (fields of `AccountTerms`), who wants it and why."""

    account_id: UUID
    values: Mapping[str, Any]
    reason: str | None
    actor: Actor = COMMAND_LINE


async def change_account(
    db: Database, wanted: AccountChange, known_tiers: Collection[str]
) -> dict[str, Any] | None:
    """The account after the change; None if there is none. Raises AccountError for an unknown tier."""
    tier = wanted.values.get("tier")
    if tier is not None and tier not in known_tiers:
        raise AccountError(f"there is no tier {tier!r}; there are {', '.join(known_tiers)}")
    async with db.transaction() as tx:
        before = await accounts.lock(tx, wanted.account_id)
        if before is None:
            return None
        after = {**before, **wanted.values}
        terms = AccountTerms(**{name: after[name] for name in AccountTerms.__dataclass_fields__})
        await accounts.change(tx, wanted.account_id, terms)
        entry = Entry(
            wanted.actor.name,
            "account.changed",
            to_text(ACCOUNT, wanted.account_id),
            account_id=wanted.account_id,
            actor_account_id=wanted.actor.account_id,
            reason=wanted.reason,
            detail={name: {"from": before[name], "to": after[name]} for name in wanted.values},
        )
        await audit.record(tx, entry)
        return after
