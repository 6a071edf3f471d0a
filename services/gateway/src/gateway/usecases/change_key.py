"""Change or delete an account's key. Every process knows within the half second that it caches keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ids import to_text
from runtime.db import Database

from gateway.db import audit, balances, keys
from gateway.db.audit import Entry
from gateway.db.keys import Terms


@dataclass(frozen=True, slots=True)
class KeyChange:
    """Which key of whom, and its new values: the columns of `keys.Terms`, and `disabled`."""

    account_id: UUID
    key_id: UUID
    values: Mapping[str, Any]
    actor: str


async def change_key(db: Database, wanted: KeyChange) -> dict[str, Any] | None:
    """The key after the change; None if the account has no such key.

    What a key has spent is added up when it gets its first cap, while none of its tasks begins or ends.
    """
    async with db.transaction() as tx:
        if wanted.values.get("spend_cap_micro") is not None:
            await balances.lock_account(tx, wanted.account_id)
        before = await keys.lock(tx, wanted.account_id, wanted.key_id)
        if before is None:
            return None
        merged = {**before, "disabled": before["disabled_at"] is not None, **wanted.values}
        terms = Terms(*(merged[name] for name in Terms.__dataclass_fields__))
        await keys.change(tx, wanted.key_id, terms, disabled=merged["disabled"])
        if before["spend_cap_micro"] is None and terms.spend_cap_micro is not None:
            await keys.count_spending(tx, wanted.key_id)
        await audit.record(tx, _entry(wanted, "key.changed", wanted.values))
        return await keys.lock(tx, wanted.account_id, wanted.key_id)


async def delete_key(db: Database, account_id: UUID, key_id: UUID, actor: str) -> bool:
    """Whether the account had such a key."""
    async with db.transaction() as tx:
        deleted = await keys.delete(tx, account_id, key_id)
        if deleted:
            await audit.record(tx, _entry(KeyChange(account_id, key_id, {}, actor), "key.deleted", {}))
        return deleted


def _entry(wanted: KeyChange, action: str, detail: Mapping[str, Any]) -> Entry:
    subject = to_text("key_", wanted.key_id)
    return Entry(wanted.actor, action, subject, account_id=wanted.account_id, detail=detail)
