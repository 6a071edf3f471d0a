"""When an account's owner is warned of few credits."""

from uuid import UUID

from runtime.db import Database

from gateway.db import balances, notices


async def change_notices(db: Database, account_id: UUID, credits_low_micro: int | None) -> None:
    """Set the threshold, or with None warn no more. The next crossing of a new one is told again.

    The balances are locked before the account, as a submit does it.
    """
    async with db.transaction() as tx:
        await balances.lock_account(tx, account_id)
        await notices.write(tx, account_id, credits_low_micro)
