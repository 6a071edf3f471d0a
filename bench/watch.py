"""When tasks are seen to have ended, by the clock of who looks: events bear the times they tell of."""

import asyncio
import time
from datetime import datetime
from uuid import UUID

import asyncpg

_FINAL = """
SELECT id, status, extract(epoch FROM requested_at)::float8 AS requested_at FROM tasks
WHERE account_id = $1 AND requested_at >= $2 AND finished_at IS NOT NULL
"""


class Watch:
    """Looks at an account's newest tasks in the gateway's tables."""

    def __init__(self, gateway: asyncpg.Connection, account: str, every_seconds: float) -> None:
        self._gateway, self._account, self._every = gateway, account, every_seconds
        self._since: datetime | None = None
        self.seen: dict[UUID, float] = {}
        """Unix time at which a task was first seen to be final."""
        self.took: list[float] = []
        """Seconds from its submit to that."""
        self.statuses: dict[UUID, str] = {}

    async def begin(self) -> None:
        """What was requested before now is none of ours."""
        self._since = await self._gateway.fetchval("SELECT now()")

    async def until(self, count: int, seconds: float = 600) -> None:
        """Look until so many have ended. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while len(self.seen) < count:
                await self._look()
                await asyncio.sleep(self._every)

    async def _look(self) -> None:
        found, now = await self._gateway.fetch(_FINAL, self._account, self._since), time.time()
        for row in found:
            if row["id"] not in self.seen:
                self.seen[row["id"]], self.statuses[row["id"]] = now, row["status"]
                self.took.append(now - row["requested_at"])
