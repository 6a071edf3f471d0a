"""How far the relay is behind what is written: who takes new work asks before."""

import asyncio
import time

from runtime.db import Database

_OLDEST = """
SELECT coalesce(extract(epoch FROM now() - o.created_at), 0)::float8
FROM outbox o, outbox_cursor c
WHERE c.name = 'relay' AND (o.epoch, o.txid, o.id) > (c.epoch, c.txid, c.id)
ORDER BY o.epoch, o.txid, o.id LIMIT 1
"""
LOOK_SECONDS = 1.0


class Backlog:
    """The age of the oldest row that Kafka hasn't acknowledged, looked up at most once a second."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._age = 0.0
        self._looked_at = -LOOK_SECONDS
        self._looking = asyncio.Lock()

    async def age_seconds(self) -> float:
        """By the database's clock; 0 when all is sent. Who comes while another looks gets the last answer."""
        if time.monotonic() - self._looked_at >= LOOK_SECONDS and not self._looking.locked():
            async with self._looking:
                self._age = await self._db.pool.fetchval(_OLDEST) or 0.0
                self._looked_at = time.monotonic()
        return self._age
