"""Consumer offsets in the service's own database, moved by compare-and-set in the batch's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.db import Connection, Tx, rows

DDL = """
CREATE TABLE consumer_offsets (
    group_id text NOT NULL,
    topic_id text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, topic_id, partition)
) WITH (fillfactor = 50);
"""

_STORED = """
WITH asked AS (SELECT * FROM json_to_recordset($2::json) AS r(topic_id text, topic text, partition int)),
made AS (
    INSERT INTO consumer_offsets (group_id, topic_id, topic, partition, next_offset)
    SELECT $1, topic_id, topic, partition, 0 FROM asked
    ON CONFLICT DO NOTHING
)
SELECT a.topic, a.partition, coalesce(o.next_offset, 0) AS next_offset
FROM asked a
LEFT JOIN consumer_offsets o
  ON o.group_id = $1 AND o.topic_id = a.topic_id AND o.partition = a.partition
"""

_ADVANCE = """
UPDATE consumer_offsets o SET next_offset = m.next_offset, moved_at = now()
FROM json_to_recordset($2::json) AS m(topic_id text, partition int, expected bigint, next_offset bigint)
WHERE o.group_id = $1 AND o.topic_id = m.topic_id AND o.partition = m.partition
  AND o.next_offset = m.expected
"""


class OffsetMismatch(Exception):
    """Somebody else moved the offsets, or the database was restored: read them again and seek."""


@dataclass(frozen=True, slots=True)
class Move:
    """One partition's step, from what this process last saw to what it has now done."""

    topic_id: str
    partition: int
    expected: int
    next_offset: int


async def stored(
    conn: Connection, group: str, partitions: Sequence[tuple[str, int]], ids: Mapping[str, str]
) -> dict[tuple[str, int], int]:
    """The next offset of each (topic, partition); 0 for one that was never read."""
    asked = rows({"topic_id": ids[t], "topic": t, "partition": p} for t, p in sorted(partitions))
    found = await conn.fetch(_STORED, group, asked)
    return {(row["topic"], row["partition"]): row["next_offset"] for row in found}


async def advance(tx: Tx, group: str, moves: Sequence[Move]) -> None:
    """Move all or raise OffsetMismatch. Comes first in the transaction: it fences a zombie."""
    given = rows(
        {
            "topic_id": m.topic_id,
            "partition": m.partition,
            "expected": m.expected,
            "next_offset": m.next_offset,
        }
        for m in moves
    )
    if await tx.execute(_ADVANCE, group, given) != len(moves):
        raise OffsetMismatch(f"the stored offsets of {group} are not where this process left them")
