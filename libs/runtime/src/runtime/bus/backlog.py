"""What Kafka holds that a service hasn't handled: asked of the broker, compared with the stored offsets.

Nobody can go by a consumer in his own process: another replica's may lag, or none may run there.
"""

from runtime.bus.ends import Ends
from runtime.db import Connection

_BEHIND = """
SELECT e.topic, e.partition, coalesce(o.next_offset, 0) AS handled, e."end"
FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[]) AS e(topic, topic_id, partition, "end")
LEFT JOIN consumer_offsets o ON o.group_id = $1 AND o.topic_id = e.topic_id AND o.partition = e.partition
WHERE coalesce(o.next_offset, 0) < e."end"
ORDER BY e.topic, e.partition LIMIT 1
"""


async def first_behind(conn: Connection, group: str, ends: Ends) -> str | None:
    """The first partition whose stored offset lies below the given end, in words, or None."""
    columns = zip(*((*key, end) for key, end in sorted(ends.items())), strict=True)
    row = await conn.fetchrow(_BEHIND, group, *map(list, columns))
    if row is None:
        return None
    return f"{row['topic']}/{row['partition']} is handled up to {row['handled']} of {row['end']}"
