"""Which life of its database a service is in, and how far the recovery that began it has come.

`relay_offsets` is how far into each partition of its own topics the relay has written what this database
knows: what lies beyond, a restored database has forgotten.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from runtime.db import Connection, Tx, rows

DDL = """
CREATE TABLE IF NOT EXISTS recovery (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch integer NOT NULL DEFAULT 1,
    began_at timestamptz,
    lost_at timestamptz,
    restored_at timestamptz,
    ended_at timestamptz,
    CHECK ((began_at IS NULL) = (lost_at IS NULL)),
    CHECK (ended_at IS NULL OR restored_at IS NOT NULL)
);
INSERT INTO recovery DEFAULT VALUES ON CONFLICT DO NOTHING;
COMMENT ON COLUMN recovery.epoch IS 'of the outbox rows written now: transaction ids may start anew in each';
COMMENT ON COLUMN recovery.lost_at IS 'when the database was lost that this one was restored in place of';

CREATE TABLE IF NOT EXISTS relay_offsets (
    topic_id text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic_id, partition)
) WITH (fillfactor = 50);
"""

_STATE = "SELECT epoch, began_at, lost_at, restored_at, ended_at FROM recovery"
_BEGIN = """
UPDATE recovery SET epoch = epoch + 1, began_at = now(), lost_at = least(coalesce($1, now()), now()),
                    restored_at = NULL, ended_at = NULL
RETURNING epoch
"""
_RESTORED = "UPDATE recovery SET restored_at = now()"
_END = "UPDATE recovery SET ended_at = now() WHERE restored_at IS NOT NULL AND ended_at IS NULL"
_REACHED = """
INSERT INTO relay_offsets AS o (topic_id, topic, partition, next_offset)
SELECT topic_id, topic, partition, next_offset
FROM json_to_recordset($1::json) AS r(topic_id text, topic text, partition int, next_offset bigint)
ON CONFLICT (topic_id, partition) DO UPDATE SET next_offset = greatest(o.next_offset, excluded.next_offset)
"""
_OFFSETS = "SELECT topic_id, partition, next_offset FROM relay_offsets"


@dataclass(frozen=True, slots=True)
class State:
    """How far the last recovery has come; all times None when there never was one."""

    epoch: int
    began_at: datetime | None
    lost_at: datetime | None
    restored_at: datetime | None
    ended_at: datetime | None


async def state(conn: Connection | Tx) -> State:
    """The only row."""
    row = await conn.fetchrow(_STATE)
    assert row is not None, "the migration makes it"
    return State(**row)


async def begin(tx: Tx, lost_at: datetime | None) -> int:
    """Begin a new life; its epoch. `lost_at`: when the old one ended, None for now."""
    epoch: int = await tx.fetchval(_BEGIN, lost_at)
    return epoch


async def restored(tx: Tx) -> None:
    """What the service had said itself is in the database again."""
    await tx.execute(_RESTORED)


async def end(conn: Connection) -> None:
    """What the others have said since is handled too."""
    await conn.execute(_END)


async def reached(
    conn: Connection | Tx, offsets: Mapping[tuple[str, int], int], ids: Mapping[str, str]
) -> None:
    """Everything below these offsets of (topic, partition) is known here."""
    given: Iterable[Mapping[str, object]] = (
        {"topic_id": ids[topic], "topic": topic, "partition": partition, "next_offset": offset}
        for (topic, partition), offset in sorted(offsets.items())
    )
    await conn.execute(_REACHED, rows(given))


async def known(conn: Connection) -> dict[tuple[str, int], int]:
    """The next offset by (topic id, partition)."""
    return {(row["topic_id"], row["partition"]): row["next_offset"] for row in await conn.fetch(_OFFSETS)}
