"""Locks on the ledger's balances that its own batches run into."""

import asyncpg

_TAKE = "SELECT FROM balances WHERE account_id = ANY($1::uuid[]) ORDER BY account_id FOR UPDATE"
_TAKE_ALL = "SELECT FROM balances ORDER BY account_id FOR UPDATE"
_WAITERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'
"""
_PATIENT = "SET deadlock_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'"


class Held:
    """A transaction of ours that holds balances."""

    def __init__(self, conn: asyncpg.Connection) -> None:
        self._conn = conn
        self._transaction = conn.transaction()

    async def take(self, accounts: list[str]) -> None:
        """Lock accounts' rows; whoever waits in a circle with us is thrown out before we are."""
        await self._conn.execute(_PATIENT)
        await self._transaction.start()
        await self._conn.execute(_TAKE, accounts)

    async def waiting(self, table: str = "balances") -> int:
        """How many wait for a row of a table."""
        await self._conn.execute("SELECT pg_stat_clear_snapshot()")  # it is one look for a whole transaction
        return int(await self._conn.fetchval(_WAITERS, table))

    async def let_go(self) -> None:
        """Give the locks back; `waiting` can still be asked."""
        await self._transaction.rollback()

    async def cross(self) -> None:
        """Ask for what a waiting batch holds, then let go."""
        await self._conn.execute(_TAKE_ALL)
        await self._transaction.rollback()
