"""The outbox's tables: insert-only daily partitions and the relay's cursor.

`txid` is the writing transaction; reading in (epoch, txid, id) order below the snapshot's horizon skips no
late committer. `epoch` is raised after a restore, when transaction ids start anew: that of new rows is kept
in `recovery`, for the cursor's own is that of the row it stands at.
"""

from runtime.db import Connection, Tx

DDL = """
CREATE SEQUENCE outbox_id;
CREATE TABLE outbox (
    created_at timestamptz NOT NULL DEFAULT now(),
    epoch integer NOT NULL DEFAULT 1,
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id bigint NOT NULL DEFAULT nextval('outbox_id'),
    topic text NOT NULL,
    key text NOT NULL,
    event_id text NOT NULL,
    subject text NOT NULL,
    traceparent text,
    value json NOT NULL,
    PRIMARY KEY (epoch, txid, id, created_at)  -- the relay's order; created_at only as the partition key
) PARTITION BY RANGE (created_at);

CREATE TABLE outbox_cursor (
    name text PRIMARY KEY,
    epoch integer NOT NULL,
    txid xid8 NOT NULL,
    id bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
INSERT INTO outbox_cursor (name, epoch, txid, id) VALUES ('relay', 1, '0', 0);
"""

DAYS_AHEAD = 7

_ADD_PARTITION = """
DO $$ BEGIN
    CREATE TABLE IF NOT EXISTS outbox_{day} PARTITION OF outbox
        FOR VALUES FROM ('{start} 00:00:00+00') TO ('{end} 00:00:00+00');
EXCEPTION WHEN duplicate_table THEN NULL;
END $$;
"""

_MISSING_DAYS = """
SELECT to_char(day, 'YYYYMMDD') AS name, to_char(day, 'YYYY-MM-DD') AS start,
       to_char(day + 1, 'YYYY-MM-DD') AS "end"
FROM generate_series(0, $1::int) AS n
CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE 'UTC')::date + n - 1 AS day) AS d
WHERE to_regclass('outbox_' || to_char(day, 'YYYYMMDD')) IS NULL
"""

_OLD_DAYS = """
SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'outbox'::regclass
  AND to_date(right(c.relname, 8), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date - $1::int
"""

_BEYOND_CURSOR = """
SELECT EXISTS (SELECT FROM {name} o, outbox_cursor c
               WHERE c.name = 'relay' AND (o.epoch, o.txid, o.id) > (c.epoch, c.txid, c.id))
"""


async def ensure_partitions(conn: Connection | Tx, days_ahead: int = DAYS_AHEAD) -> list[str]:
    """Make the partitions from yesterday to `days_ahead`; the names of those that were missing."""
    missing = await conn.fetch(_MISSING_DAYS, days_ahead + 1)
    for row in missing:
        await conn.execute(_ADD_PARTITION.format(day=row["name"], start=row["start"], end=row["end"]))
    return [row["name"] for row in missing]


async def drop_expired(conn: Connection, retention_days: int) -> list[str]:
    """Drop partitions older than the retention time, never one with a row beyond the cursor."""
    dropped = []
    for row in await conn.fetch(_OLD_DAYS, retention_days):
        if not await conn.fetchval(_BEYOND_CURSOR.format(name=row["name"])):
            await conn.execute(f"DROP TABLE {row['name']}")
            dropped.append(row["name"])
    return dropped


async def partition_missing_soon(conn: Connection, days: int = 2) -> bool:
    """Whether a partition of the next `days` is missing: readiness fails early, not at midnight."""
    return bool(await conn.fetch(_MISSING_DAYS, days + 1))
