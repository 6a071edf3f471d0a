"""Where topics end, asked of the broker: what lies between there and a stored offset is not handled yet.

A reader's own view won't do: another replica's partitions lag too, and a reader that hangs sees nothing new.
"""

from collections.abc import Collection, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from runtime.bus.topic_ids import described

Ends = Mapping[tuple[str, str, int], int]
"""An offset by (topic, topic id, partition)."""


class TopicEnds:
    """Asks again and again over one connection, which is made when it is needed."""

    def __init__(self, bootstrap: str, topics: Collection[str], *, client_id: str) -> None:
        self._bootstrap, self._topics, self._client_id = bootstrap, tuple(topics), client_id
        self._consumer: AIOKafkaConsumer | None = None

    async def read(self) -> Ends:
        """The offset after the last record of each partition.

        Raises aiokafka's KafkaError, or LookupError for a topic that isn't there.
        """
        try:
            return await self._read()
        except BaseException:
            await self.close()
            raise

    async def beginnings(self, keys: Collection[tuple[str, str, int]]) -> Ends:
        """The offset of the first record that is still kept; raises aiokafka's KafkaError."""
        consumer = await self._connected()
        found = await consumer.beginning_offsets([TopicPartition(topic, n) for topic, _, n in keys])
        return {key: found[TopicPartition(key[0], key[2])] for key in keys}

    async def close(self) -> None:
        """Let go of the connection; the next question makes another."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def _read(self) -> Ends:
        consumer = await self._connected()
        topics = await described(self._bootstrap, self._topics)
        if missing := set(self._topics) - set(topics):
            raise LookupError(f"no such topic: {', '.join(sorted(missing))}")
        ends = await consumer.end_offsets([TopicPartition(t, n) for t, (_, ns) in topics.items() for n in ns])
        return {(tp.topic, topics[tp.topic][0], tp.partition): end for tp, end in ends.items()}

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, client_id=self._client_id)
            await self._consumer.start()
        return self._consumer


async def read_ends(bootstrap: str, topics: Collection[str]) -> Ends:
    """The offset after the last record of each partition, asked once; raises what `TopicEnds.read` raises."""
    asked = TopicEnds(bootstrap, topics, client_id="framebus-ends")
    try:
        return await asked.read()
    finally:
        await asked.close()
