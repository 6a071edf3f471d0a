"""What accounts want to be warned of."""

from uuid import UUID

from runtime.db import Connection, Tx

_READ = "SELECT credits_low_micro FROM accounts WHERE id = $1"
_WRITE = "UPDATE accounts SET credits_low_micro = $2 WHERE id = $1"
_ANEW = "UPDATE balances SET low = false WHERE account_id = $1 AND low"


async def read(conn: Connection, account_id: UUID) -> int | None:
    """Below how many micro-credits an account is warned; None: never."""
    micro: int | None = await conn.fetchval(_READ, account_id)
    return micro


async def write(tx: Tx, account_id: UUID, credits_low_micro: int | None) -> None:
    """Set it, and forget what was told by the former one."""
    await tx.execute(_WRITE, account_id, credits_low_micro)
    await tx.execute(_ANEW, account_id)
