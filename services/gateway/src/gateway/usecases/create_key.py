"""Make an API key; its full text is returned once and kept nowhere."""

from dataclasses import dataclass
from uuid import UUID

from contracts.ids import uuid7
from runtime.db import Database

from gateway.db import accounts, keys
from gateway.domain import keys as key_format
from gateway.usecases.authenticate import hash_of


class KeyRefused(Exception):
    """The key can't be made as asked."""


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What key is wanted. `secret` None: a new one."""

    account_id: UUID
    name: str
    asset: str
    role: str
    secret: str | None = None


async def create_key(db: Database, request: KeyRequest, pepper: bytes) -> tuple[UUID, str]:
    """The key's id and full text. A given secret that is there already, the same, is fine.

    Raises KeyRefused: malformed secret, unknown account, or the secret belongs to something else.
    """
    secret = request.secret or key_format.generate(request.asset)
    if key_format.asset_of(secret) != request.asset:
        raise KeyRefused("the secret is malformed, or a live key where a test key is meant, or the reverse")
    digest = hash_of(secret, pepper)
    key = keys.NewKey(
        id=uuid7(),
        account_id=request.account_id,
        prefix=key_format.shown(secret),
        hash=digest,
        name=request.name,
        asset=request.asset,
        role=request.role,
    )
    async with db.transaction() as tx:
        if await accounts.read(tx, request.account_id) is None:
            raise KeyRefused(f"there is no account {request.account_id}")
        if await keys.insert(tx, key):
            return key.id, secret
        found = await keys.by_hash(tx, digest)
    assert found is not None, "the insert met it"
    same = (found["account_id"], found["asset"], found["role"]) == (key.account_id, key.asset, key.role)
    if not same or found["disabled_at"] is not None:
        raise KeyRefused("this secret belongs to another key, or to one that is disabled")
    return found["id"], secret
