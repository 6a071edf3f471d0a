"""What Kafka holds that the ledger hasn't handled: asked of the broker, compared with the stored offsets.

The sweeper can't go by a consumer in its own process: another replica's may lag, or none may run there.
"""

from collections.abc import Collection, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from runtime.bus.topic_ids import topic_ids
from runtime.db import Connection

Ends = Mapping[tuple[str, str, int], int]
"""The offset after the last record, by (topic, topic id, partition)."""

_BEHIND = """
SELECT e.topic, e.partition, coalesce(o.next_offset, 0) AS handled, e."end"
FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[]) AS e(topic, topic_id, partition, "end")
LEFT JOIN consumer_offsets o ON o.group_id = $1 AND o.topic_id = e.topic_id AND o.partition = e.partition
WHERE coalesce(o.next_offset, 0) < e."end"
ORDER BY e.topic, e.partition LIMIT 1
"""


async def read_ends(bootstrap: str, topics: Collection[str]) -> Ends:
    """The ends of all partitions of the topics.

    Raises aiokafka's KafkaError, or LookupError for a topic that isn't there.
    """
    ids = await topic_ids(bootstrap, topics)
    if missing := set(topics) - set(ids):
        raise LookupError(f"no such topic: {', '.join(sorted(missing))}")
    partitions = await _partitions(bootstrap, topics)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, client_id="ledger-sweeper")
    await consumer.start()
    try:
        ends = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    return {(tp.topic, ids[tp.topic], tp.partition): end for tp, end in ends.items()}


async def first_behind(conn: Connection, group: str, ends: Ends) -> str | None:
    """The first partition whose stored offset lies below the given end, in words, or None."""
    columns = zip(*((*key, end) for key, end in sorted(ends.items())), strict=True)
    row = await conn.fetchrow(_BEHIND, group, *map(list, columns))
    if row is None:
        return None
    return f"{row['topic']}/{row['partition']} is handled up to {row['handled']} of {row['end']}"


async def _partitions(bootstrap: str, topics: Collection[str]) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="ledger-sweeper")
    await admin.start()
    try:
        described = await admin.describe_topics(list(topics))
    finally:
        await admin.close()
    return [TopicPartition(t["topic"], p["partition"]) for t in described for p in t["partitions"]]
