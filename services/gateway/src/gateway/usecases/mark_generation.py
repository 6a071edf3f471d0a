"""What an owner says about a generation: favourite, shared, public."""

import secrets
from uuid import UUID

from runtime.db import Database

from gateway.db import generations

_TOKEN_BYTES = 24


async def toggle_favorite(db: Database, account_id: UUID, number: int) -> bool:
    """Whether it is a favourite now."""
    return await generations.toggle_favorite(db.pool, account_id, number)


async def toggle_public(db: Database, account_id: UUID, number: int) -> bool:
    """Whether everybody may see it now."""
    return await generations.toggle_public(db.pool, account_id, number)


async def share(db: Database, account_id: UUID, number: int) -> str:
    """The token that opens it, the same each time."""
    return await generations.share(db.pool, account_id, number, secrets.token_urlsafe(_TOKEN_BYTES))
