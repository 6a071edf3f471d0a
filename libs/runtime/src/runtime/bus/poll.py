"""aiokafka's consumer, without two waits in which a reader hears nothing.

FastStream's batch subscriber sleeps after an empty poll; a poll that ends with records alone never leads
there (FastStream 0.7.8, `BatchSubscriber.get_msg`). And a fetch asks for the partitions whose records are
used up: while a busy partition's are still at work, aiokafka soon asks for the idle ones alone, which the
broker answers after half a second, and only then is the busy one asked for again (aiokafka 0.14,
`Fetcher._get_actions_per_node`).
"""

from functools import partial
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from faststream.kafka import KafkaBroker

_LOOK_MS = 1_000
_USED_UP_SECONDS = 30.0
"""How long a fetch waits until all fetched records are used up; what is read here is worked off in turn."""

_Found: TypeAlias = dict[TopicPartition, list[ConsumerRecord[Any, Any]]]


class PatientConsumer(AIOKafkaConsumer):
    """Returns from a poll with records, or raises once it is stopped."""

    async def start(self) -> None:
        """Begin to fetch; all partitions together."""
        await super().start()
        self._fetcher._prefetch_backoff = _USED_UP_SECONDS  # no parameter of the consumer leads there

    async def getmany(self, *partitions: TopicPartition, **limits: Any) -> _Found:
        """The next records, as soon as there are any, whatever timeout `limits` names."""
        found: _Found = {}
        while not found:
            found = await super().getmany(*partitions, **{**limits, "timeout_ms": _LOOK_MS})
        return found


async def connect(broker: KafkaBroker) -> None:
    """Connect, so that the broker's subscribers will be patient."""
    await broker.connect()
    config = broker.config.broker_config
    builder = config.builder
    assert isinstance(builder, partial), "FastStream makes consumers in another way by now"
    config.builder = partial(PatientConsumer, *builder.args, **builder.keywords)
