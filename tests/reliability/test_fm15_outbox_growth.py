"""15: the outbox grows while the relay is away, and must not stay large or slow afterwards."""

from typing import Any

import orjson
import pytest
from runtime.db import Database
from runtime.outbox import relay as relay_module
from runtime.outbox.relay import Relay
from runtime_fixtures import grant, record, until

ROWS, AT_ONCE = 6_000, 500
_TOUCHED = """
SELECT coalesce(sum(n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables WHERE relname LIKE 'outbox_2%'
"""


async def blocks_read(db: Database) -> int:
    """How much of the outbox a relay looks at to find that there is nothing beyond its cursor."""
    conn = await db.connect("explain")
    try:
        await conn.execute(relay_module._SESSION)
        cursor = await conn.fetchrow(relay_module._CURSOR)
        lookback = await conn.fetchval(relay_module._OLDEST_BEYOND)
        explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + relay_module._READ
        told = await conn.fetchval(explain, cursor["epoch"], cursor["txid"], cursor["id"], 100, lookback)
    finally:
        await conn.close()
    plan: dict[str, Any] = (orjson.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.usefixtures("topic")
async def test_fm15_a_backlog_drains_and_leaves_neither_dead_rows_nor_a_slower_relay(db, kafka) -> None:
    """Taken out: the index on the cursor, by comparing as text. Finding nothing read 392 blocks."""
    touched = await db.pool.fetchval(_TOUCHED)
    for _ in range(ROWS // AT_ONCE):
        await record(db, [grant() for _ in range(AT_ONCE)])
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await relay.start()
    await until(lambda: relay.sent == ROWS, "the backlog is sent", 60)
    await relay.stop()
    assert await blocks_read(db) < 100
    await db.pool.execute("SELECT pg_stat_force_next_flush()")
    assert await db.pool.fetchval(_TOUCHED) == touched  # what was sent is neither marked nor deleted
