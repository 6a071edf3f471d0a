"""When an account's owner is warned of few credits."""

from uuid import UUID

from runtime.db import Database

from gateway.db import notices


async def change_notices(db: Database, account_id: UUID, credits_low_micro: int | None) -> None:
    """Set the threshold, or with None warn no more. The next crossing of a new one is told again."""
    async with db.transaction() as tx:
        await notices.write(tx, account_id, credits_low_micro)
