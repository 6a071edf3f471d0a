"""The bus: one FastStream batch subscriber per service over all its topics.

Each batch is one transaction that also moves the stored offsets, by compare-and-set. On assignment the
consumer seeks to what is stored; aiokafka fetches before that is done, so a gate drops what comes until then,
and whatever lies below the stored offset (reference: FastStream 0.7.8 with aiokafka 0.14 on Kafka 4.1).
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from runtime.backoff import Backoff
from runtime.bus import dead_letters, poll
from runtime.bus.assignment import Assignment
from runtime.bus.batches import Apply, Batches
from runtime.bus.record import Raw, Translator
from runtime.bus.topic_ids import topic_ids
from runtime.bus.watch import Watch
from runtime.db import Database
from runtime.outbox.recorder import Outbox
from runtime.rest import Rest

log = structlog.get_logger()

_GIVE_BACK_SECONDS = 120.0  # well below max_poll_interval_ms, past which aiokafka leaves the group
_SMALL_BATCH = 100
_REVOKE_SECONDS = 20.0  # below the group's rebalance timeout
_WATCH_SECONDS = 3.0
_CURED_SECONDS = 600.0


class Bus:
    """A part of a process: start, stop, and what there is to say about its health."""

    name = "consumer"

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        *,
        service: str,
        bootstrap: str,
        translators: Mapping[str, Translator],
        apply: Apply,
        group: str | None = None,
        instance: str | None = None,
        max_records: int = 500,
        dead_letters_per_minute: int = 50,
        session_seconds: float = 10.0,
    ) -> None:
        self._db, self._bootstrap = db, bootstrap
        self._translators, self._group = translators, group or service
        limiter = dead_letters.Limiter(dead_letters_per_minute)
        self._batches = Batches(db, outbox, service, self._group, translators, apply, limiter)
        self._assignment: Assignment | None = None
        self._assigning = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._leaving = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._rest = Rest()
        self._halted: str | None = None
        self._retrying: str | None = None
        self._stalled: str | None = None
        self._broker = KafkaBroker(
            bootstrap,
            client_id=service,
            logger=_quiet_logger(),
            parser=_raw_message,
            apply_types=False,
            allow_auto_create_topics=False,
            consumer_only=True,
            graceful_timeout=25,
        )
        self._subscriber = self._broker.subscriber(
            *translators,
            group_id=self._group,
            group_instance_id=instance,
            batch=True,
            max_records=max_records,
            decoder=_raw_records,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            partition_assignment_strategy=[RangePartitionAssignor],
            listener=_Listener(self),
            session_timeout_ms=int(session_seconds * 1000),
            heartbeat_interval_ms=1_000,
            rebalance_timeout_ms=30_000,
        )
        self._subscriber(self._on_batch)

    async def start(self) -> None:
        """Join the group. Raises when Kafka can't be reached."""
        self._leaving.clear()
        await poll.connect(self._broker)
        await self._broker.start()
        self._tasks = [asyncio.create_task(self._care()), asyncio.create_task(self._commit_hints())]

    async def stop(self) -> None:
        """Finish the batch in hand, then leave; a batch that fails now is left to the next reader."""
        self._leaving.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._broker.stop()
        self._assignment = None

    def unready(self) -> str | None:
        """Why nothing is consumed right now, or None."""
        if self._halted or self._retrying:
            return self._halted or self._retrying
        return None if self._assignment is not None else "consumer: waiting for partitions"

    def fault(self) -> str | None:
        """A stall that restarting the subscriber did not cure."""
        return self._stalled

    def lag(self) -> dict[tuple[str, int], int]:
        """Records that were seen in Kafka and aren't handled yet, by (topic, partition)."""
        consumer, assignment = self._subscriber.consumer, self._assignment
        if consumer is None or assignment is None:
            return {}
        held = consumer.assignment()
        marks = {k: consumer.highwater(TopicPartition(*k)) for k in assignment.positions if k in held}
        return {k: max(m - assignment.positions[k].next_offset, 0) for k, m in marks.items() if m is not None}

    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscriber.consumer
        if consumer is None:
            raise ConnectionError("the consumer is stopped")
        return consumer

    async def _topic_ids(self) -> Mapping[str, str]:
        return await topic_ids(self._bootstrap, self._translators)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), seconds)

    # -- assignment ---------------------------------------------------------------------------------

    async def revoked(self) -> None:
        """Close the gate and wait for the batch in hand."""
        self._assignment = None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), _REVOKE_SECONDS)

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Seek to the stored offsets, however long it takes to read them, then open the gate."""
        backoff, self._assigning = Backoff(0.1, 3.0), True
        while not self._leaving.is_set():
            try:
                assignment = Assignment(self._db, self._group, self._consumer(), self._topic_ids)
                await assignment.seek([(tp.topic, tp.partition) for tp in partitions])
                self._assignment = assignment
                log.info("partitions_assigned", count=len(partitions))
                break
            except Exception as error:
                log.warning("offsets_unreadable", error=f"{type(error).__name__}: {error}")
                await self._pause(backoff.next())
        self._assigning = False

    # -- batches ------------------------------------------------------------------------------------

    async def _on_batch(self, records: Any) -> None:  # FastStream builds a model of narrower types
        assignment = self._assignment
        if assignment is None or self._halted:
            return
        self._rest.begin()
        self._idle.clear()
        try:
            await self._until_done(assignment, records)
        finally:
            self._idle.set()
        if len(records) < _SMALL_BATCH:
            await self._rest.take()

    async def _until_done(self, assignment: Assignment, records: Sequence[Raw]) -> None:
        """Try until it works, the partitions are revoked, or it is time to give the batch back."""
        backoff, started = Backoff(0.1, 5.0), time.monotonic()
        while self._assignment is assignment and not self._halted:
            try:
                await self._batches.handle(assignment, records)
                self._retrying = None
                return
            except dead_letters.TooManyDeadLetters as error:
                self._halt(str(error))
            except Exception as error:
                self._retrying = f"consumer: {type(error).__name__}: {error}"[:300]
                log.warning("batch_failed", error=self._retrying, records=len(records))
                if time.monotonic() - started > _GIVE_BACK_SECONDS or self._leaving.is_set():
                    break
                await self._pause(backoff.next())
        if self._assignment is assignment:
            assignment.rewind({(r.topic, r.partition) for r in records} & assignment.positions.keys())

    def _halt(self, reason: str) -> None:
        self._halted = f"consumer halted: {reason}"
        log.critical("consumer_halted", reason=reason)

    # -- care ---------------------------------------------------------------------------------------

    async def _commit_hints(self) -> None:
        """Commit to Kafka as well, for lag tools only."""
        told: dict[TopicPartition, int] = {}
        while True:
            await asyncio.sleep(5)
            marks = {TopicPartition(*k): offset for k, offset in (self._reached() or {}).items()}
            if marks and marks != told:
                with contextlib.suppress(Exception):
                    await self._consumer().commit(marks)
                    told = marks

    async def _care(self) -> None:
        """Restart a subscriber that has stalled although its broker answers; report one that stays so."""
        watch, restarts = Watch(self._broker_answers), deque[float]()
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            busy = bool(self._halted or self._retrying or self._assigning or not self._idle.is_set())
            fault = await watch.fault(self._subscriber.consumer, self._reached(), busy)
            while restarts and time.monotonic() - restarts[0] > _CURED_SECONDS:
                restarts.popleft()
            if not fault:
                self._stalled = self._stalled if restarts else None
                continue
            log.error("consumer_stalled", fault=fault, restarts=len(restarts))
            restarts.append(time.monotonic())
            self._stalled = f"consumer stalled: {fault}" if len(restarts) > 3 else None
            await self._restart()
            watch.begin()

    async def _restart(self) -> None:
        """Stop and start the subscriber, as often as it takes: its broker may go away meanwhile."""
        backoff = Backoff(0.5, 5.0)
        while True:
            self._leaving.set()
            await self.revoked()
            try:
                await asyncio.wait_for(self._subscriber.stop(), 30)
                self._leaving.clear()
                await asyncio.wait_for(self._subscriber.start(), 60)
                return
            except Exception as error:
                log.warning("consumer_not_restarted", error=f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(backoff.next())

    def _reached(self) -> dict[tuple[str, int], int] | None:
        assignment = self._assignment
        if assignment is None:
            return None
        return {key: place.next_offset for key, place in assignment.positions.items()}

    async def _broker_answers(self) -> bool:
        try:
            return bool(await asyncio.wait_for(self._topic_ids(), 5))
        except Exception:
            return False


class _Listener(ConsumerRebalanceListener):
    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def on_partitions_revoked(self, _: Sequence[TopicPartition]) -> None:
        await self._bus.revoked()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        await self._bus.assigned(list(assigned))


def _quiet_logger() -> logging.Logger:
    """FastStream says two lines per batch at INFO."""
    logger = logging.getLogger("framebus.bus")
    logger.setLevel(logging.WARNING)
    return logger


async def _raw_message(message: Any, _: Callable[[Any], Awaitable[Any]]) -> KafkaMessage:
    """FastStream's own parser decodes every header: one that is no UTF-8 would lose its whole batch."""
    return KafkaMessage(raw_message=message, body=b"", consumer=FAKE_CONSUMER)


async def _raw_records(message: Any) -> Any:
    return message.raw_message
