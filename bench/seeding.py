"""The past of a busy installation by SQL: accounts, tasks and transfers as services would have left them.

Ids are numbers in the shape of UUIDs, the same in both services' databases, older than any new one.
"""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from bench.stage import Stage

MICRO = 2_448_000
"""The quote of each task, in micro-credits."""
LIVE_SEQ = 3
"""The number of an open task's last event."""
_STATEMENTS = Path(__file__).parent / "seeds"

_VIEWS = """
CREATE TEMP VIEW seed AS
SELECT {accounts}::bigint AS accounts, {each}::bigint AS each, {open}::bigint AS open,
       {each}::bigint - {open}::bigint AS closed, {micro}::bigint AS micro,
       1000000000000::bigint AS granted,
       date_trunc('hour', now()) - interval '30 days' AS begin;
CREATE TEMP VIEW seed_accounts AS
SELECT ('{account}' || lpad(to_hex(a), 12, '0'))::uuid AS account_id, a
FROM seed, generate_series(0, accounts - 1) AS a;
-- `n`: the task's number; `i`: which of its account's, from 0.
CREATE TEMP VIEW seed_tasks AS
SELECT ('{task}' || lpad(to_hex(n), 12, '0'))::uuid AS task_id,
       ('{account}' || lpad(to_hex(n % accounts), 12, '0'))::uuid AS account_id,
       n, i, i < closed AS final,
       CASE WHEN i < closed THEN 3 + 2 * i ELSE 3 + closed + i END AS frozen_version,
       CASE WHEN i < closed THEN begin + n * interval '1 second' ELSE now() - interval '1 minute' END AS at,
       CASE WHEN i < closed THEN begin + n * interval '1 second' END AS ended_at
FROM seed, generate_series(0, accounts * each - 1) AS n, LATERAL (SELECT n / accounts AS i) AS of_account;
"""


@dataclass(frozen=True)
class Past:
    """So many tasks of each account; the newest of them are still open, their holds stand.

    `era` keeps the ids of two pasts in one database apart.
    """

    accounts: int
    each: int
    open: int
    era: int = 0

    def account(self, number: int) -> UUID:
        """The id of an account by its number, from 0."""
        return UUID(f"{self._account_head}{number:012x}")

    def finished(self, account: int) -> list[UUID]:
        """The finished tasks of an account, by its number."""
        return [self._task(account, i) for i in range(self.each - self.open)]

    def live(self) -> list[tuple[UUID, UUID]]:
        """All open tasks, each with its account."""
        numbers = range(self.each - self.open, self.each)
        return [(self._task(a, i), self.account(a)) for i in numbers for a in range(self.accounts)]

    @property
    def views(self) -> str:
        """The statements that make the views which `seeds/` reads from."""
        return _VIEWS.format(
            accounts=self.accounts,
            each=self.each,
            open=self.open,
            micro=MICRO,
            account=self._account_head,
            task=self._task_head,
        )

    def _task(self, account: int, i: int) -> UUID:
        return UUID(f"{self._task_head}{i * self.accounts + account:012x}")

    @property
    def _account_head(self) -> str:
        return f"0197000{self.era}-0000-7000-8000-"

    @property
    def _task_head(self) -> str:
        return f"0198000{self.era}-0000-7000-8000-"


async def seed(stage: Stage, service: str, past: Past) -> None:
    """Fill a service's tables, and make the statistics that autovacuum would have made long ago."""
    conn = await asyncpg.connect(stage.dsn(service))
    try:
        await conn.execute("SET synchronous_commit = off")
        await conn.execute(past.views)
        await conn.execute((_STATEMENTS / f"{service}.sql").read_text())
        await conn.execute("VACUUM (ANALYZE)")
    finally:
        await conn.close()
