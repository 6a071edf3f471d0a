"""Tells a reader that has stalled from one that is idle, at work, or waiting for its servers.

aiokafka's background tasks can end, or its connections hang, while everything else about the client looks
well (reference: FastStream 0.7.8 with aiokafka 0.14, "permanent stall"; aio-libs/aiokafka#1154).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

QUIET_SECONDS = 30.0
JOIN_SECONDS = 60.0  # twice the group's rebalance timeout

Positions = Mapping[tuple[str, int], int]
"""The next offset of each assigned (topic, partition)."""


class Watch:
    """Looks at a reader every few seconds. Without progress for long it asks the broker what there is."""

    def __init__(self, broker_answers: Callable[[], Awaitable[bool]]) -> None:
        self._broker_answers = broker_answers
        self._mark: object = None
        self._since = time.monotonic()
        self._suspect = False

    def begin(self, mark: object = None) -> None:
        """Something moved: count the quiet time from now."""
        self._mark, self._since, self._suspect = mark, time.monotonic(), False

    async def fault(self, consumer: AIOKafkaConsumer, positions: Positions | None, busy: bool) -> str | None:
        """Why the reader must be restarted, or None. `positions` is None while there is no assignment."""
        if dead := dead_task(consumer):
            return dead
        mark = None if positions is None else sum(positions.values())
        if busy or mark != self._mark:
            self.begin(mark)
            return None
        if time.monotonic() - self._since < (JOIN_SECONDS if positions is None else QUIET_SECONDS):
            return None
        fault = await self._question(consumer, positions)
        if fault and self._suspect:
            return fault
        if not fault:
            self.begin(mark)
        self._suspect = bool(fault)  # what came in this moment is not late yet: look again
        return None

    async def _question(self, consumer: AIOKafkaConsumer, positions: Positions | None) -> str | None:
        if positions is None:
            return "no partitions from a broker that answers" if await self._broker_answers() else None
        try:
            asked = [TopicPartition(*key) for key in positions]
            ends = await asyncio.wait_for(consumer.end_offsets(asked), 10)
        except Exception as error:
            return f"cannot ask a broker that answers: {error!r}" if await self._broker_answers() else None
        behind = sum(max(end - positions[tp.topic, tp.partition], 0) for tp, end in ends.items())
        return f"{behind} records wait and none is read" if behind else None


def dead_task(consumer: AIOKafkaConsumer) -> str | None:
    """The first of aiokafka's tasks that has failed and that nobody will start again."""
    coordinator = getattr(consumer, "_coordinator", None)
    for name in ("_coordination_task", "_heartbeat_task", "_commit_refresh_task"):
        task = getattr(coordinator, name, None)
        if task is not None and task.done() and not task.cancelled() and task.exception():
            return f"{name}: {task.exception()!r}"
    return None
