"""Make an API key; its full text is returned once and kept nowhere."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ids import to_text, uuid7
from runtime.db import Database, Tx

from gateway.db import accounts, audit, keys
from gateway.db.audit import Entry
from gateway.db.keys import Terms
from gateway.domain import keys as key_format
from gateway.usecases.authenticate import hash_of

MOST_KEYS = 100
"""Of one account."""


class KeyRefused(Exception):
    """The key can't be made as asked."""


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What key is wanted. `secret` None: a new one. `actor` is who asks, for the audit log."""

    account_id: UUID
    terms: Terms
    asset: str
    secret: str | None = None
    actor: str = "command line"


async def create_key(db: Database, request: KeyRequest, pepper: bytes) -> tuple[UUID, str]:
    """The key's id and full text. A given secret that is there already, the same, is fine.

    Raises KeyRefused: malformed secret, unknown account, too many keys, or the secret belongs to something
    else.
    """
    secret = request.secret or key_format.generate(request.asset)
    if key_format.asset_of(secret) != request.asset:
        raise KeyRefused("the secret is malformed, or a live key where a test key is meant, or the reverse")
    key = keys.NewKey(
        id=uuid7(),
        account_id=request.account_id,
        prefix=key_format.shown(secret),
        hash=hash_of(secret, pepper),
        asset=request.asset,
        terms=request.terms,
    )
    async with db.transaction() as tx:
        found = await _insert(tx, key, request.actor)
    if found is None:
        return key.id, secret
    same = (found["account_id"], found["asset"]) == (key.account_id, key.asset)
    if not same or found["disabled_at"] is not None:
        raise KeyRefused("this secret belongs to another key, or to one that is disabled")
    return found["id"], secret


async def _insert(tx: Tx, key: keys.NewKey, actor: str) -> dict[str, Any] | None:
    """None once it is kept; else the key that has this secret already."""
    if await accounts.read(tx, key.account_id) is None:
        raise KeyRefused(f"there is no account {key.account_id}")
    if await keys.count(tx, key.account_id) >= MOST_KEYS:
        raise KeyRefused(f"an account has at most {MOST_KEYS} keys; delete one first")
    if not await keys.insert(tx, key):
        return await keys.by_hash(tx, key.hash)
    await audit.record(
        tx,
        Entry(
            actor,
            "key.created",
            to_text("key_", key.id),
            account_id=key.account_id,
            detail={"name": key.terms.name, "scopes": list(key.terms.scopes), "asset": key.asset},
        ),
    )
    return None
