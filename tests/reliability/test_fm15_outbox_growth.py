"""15: the outbox grows while the relay is away, and must not stay large or slow afterwards."""

import asyncio
import time
from typing import Any

import orjson
import pytest
from reliability_tools import LONG
from runtime.db import Database
from runtime.outbox import relay as relay_module
from runtime.outbox import table
from runtime.outbox.relay import Relay
from runtime_fixtures import grant, record, until

ROWS, AT_ONCE = 6_000, 500
OLD_DAYS, A_DAY, DRAIN_SECONDS = 10, 20_000, 180
_VERSIONS = "SELECT count(*), md5(string_agg(id::text || ' ' || xmin::text, ',' ORDER BY id)) FROM outbox"
"""Another digest, or another count, says that a row was written again, or deleted."""


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
    """Taken out: the index on the cursor, by comparing as text. Finding nothing read 392 blocks.

    With rows deleted once they were sent: none was as it was written.
    """
    for _ in range(ROWS // AT_ONCE):
        await record(db, [grant() for _ in range(AT_ONCE)])
    written = await db.pool.fetchrow(_VERSIONS)
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05)
    await relay.start()
    await until(lambda: relay.sent == ROWS, "the backlog is sent", 60)
    await relay.stop()
    assert await blocks_read(db) < 100
    assert await db.pool.fetchrow(_VERSIONS) == written  # what was sent is neither marked nor deleted


_DAYS = """
SELECT to_char(day, 'YYYYMMDD') AS day, to_char(day, 'YYYY-MM-DD') AS start,
       to_char(day + 1, 'YYYY-MM-DD') AS "end"
FROM (SELECT (now() AT TIME ZONE 'UTC')::date - n AS day FROM generate_series(2, $1::int + 1) AS n) AS days
ORDER BY 1
"""
_AGED = """
INSERT INTO outbox (created_at, topic, key, event_id, subject, value)
SELECT $1::text::date + interval '12 hours', topic, key, event_id || $1 || n, subject || $1 || n, value
FROM outbox, generate_series(1, $2::int) AS n WHERE subject = $3
"""
_SIZE = """
SELECT count(*) AS days, sum(pg_total_relation_size(inhrelid)) AS bytes FROM pg_inherits
WHERE inhparent = 'outbox'::regclass
"""


@pytest.mark.skipif(not LONG, reason="a backlog of days; FRAMEBUS_LONG=1")
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("topic")
async def test_fm15_a_backlog_that_is_older_than_the_retention_drains_under_load_and_goes_then(
    db, kafka
) -> None:
    """Days that should be gone stay until they are said; then they go, and nobody who writes is held up."""
    pattern = grant()
    await record(db, [pattern])
    for row in await db.pool.fetch(_DAYS, OLD_DAYS):
        await db.pool.execute(table._ADD_PARTITION.format(**row))
        await db.pool.execute(_AGED, row["start"], A_DAY, pattern.subject)
    full = await db.pool.fetchrow(_SIZE)
    relay = Relay(db, service="gateway", bootstrap=kafka, idle_seconds=0.05, retention_days=7)
    await relay.start()
    written, backlog = 1, OLD_DAYS * A_DAY
    end = time.monotonic() + DRAIN_SECONDS
    while relay.sent < backlog and time.monotonic() < end:
        relay._maintain_at = 0.0  # as an hour later
        await record(db, [grant() for _ in range(100)])
        written += 100
        await asyncio.sleep(0.1)
        assert relay.last_error is None
    await until(lambda: relay.sent == backlog + written, "all is sent", 60)
    relay._maintain_at = 0.0
    await until(lambda: _days(db, full["days"] - (OLD_DAYS - 6)), "the days past retention are gone", 60)
    await relay.stop()
    left = await db.pool.fetchrow(_SIZE)
    assert left["bytes"] < full["bytes"]
    assert await blocks_read(db) < 100


async def _days(db: Database, count: int) -> bool:
    return (await db.pool.fetchrow(_SIZE))["days"] == count
