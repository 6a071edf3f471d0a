"""The bus: one FastStream batch subscriber per service over all its topics.

Each batch is one transaction that also moves the stored offsets, by compare-and-set. On assignment the
consumer seeks to what is stored; aiokafka fetches before that is done, so a gate drops what comes until then,
and whatever lies below the stored offset (reference: FastStream 0.7.8 with aiokafka 0.14 on Kafka 4.1).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from runtime.backoff import Backoff
from runtime.bus import dead_letters, offsets
from runtime.bus.record import Fault, Item, Raw, Translator, decode
from runtime.bus.topic_ids import topic_ids
from runtime.db import Database, Tx
from runtime.outbox.recorder import Outbox

log = structlog.get_logger()

Apply = Callable[[Tx, list[Any]], Awaitable[None]]
"""The service's use case for a batch: merge the facts, decide, write; inside the batch's transaction."""

PERMANENT = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""What another try can't mend: the record at fault becomes a dead letter. All else is tried again."""

_GIVE_BACK_SECONDS = 120.0  # well below max_poll_interval_ms, past which aiokafka leaves the group
_STALL_SECONDS = 30.0
_MONITOR_SECONDS = 3.0


@dataclass(slots=True)
class _Position:
    topic_id: str
    next_offset: int


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
        wait_ms: int = 20,
        max_records: int = 500,
        dead_letters_per_minute: int = 50,
    ) -> None:
        self._db, self._outbox, self._service, self._bootstrap = db, outbox, service, bootstrap
        self._translators, self._apply = translators, apply
        self._group = group or service
        self._limiter = dead_letters.Limiter(dead_letters_per_minute)
        self._ids: dict[str, str] = {}
        self._positions: dict[tuple[str, int], _Position] = {}
        self._open = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._halted: str | None = None
        self._retrying: str | None = None
        self._stalled: str | None = None
        self._progress_at = time.monotonic()
        self.handled = 0
        self._broker = KafkaBroker(
            bootstrap,
            client_id=service,
            logger=_quiet_logger(),
            parser=_tolerant_parser,
            apply_types=False,
            allow_auto_create_topics=False,
            graceful_timeout=25,
        )
        self._subscriber = self._broker.subscriber(
            *translators,
            group_id=self._group,
            group_instance_id=instance,
            batch=True,
            max_records=max_records,
            batch_timeout_ms=wait_ms,
            decoder=_raw_records,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            partition_assignment_strategy=[RangePartitionAssignor],
            listener=_Listener(self),
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            rebalance_timeout_ms=30_000,
            fetch_max_wait_ms=100,
        )
        self._subscriber(self._on_batch)

    async def start(self) -> None:
        """Join the group. Raises when Kafka can't be reached."""
        await self._broker.start()
        self._tasks = [asyncio.create_task(self._monitor()), asyncio.create_task(self._commit_hints())]

    async def stop(self) -> None:
        """Finish the batch in hand, then leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._broker.stop()

    def unready(self) -> str | None:
        """Why nothing is consumed right now, or None."""
        if self._halted or self._retrying:
            return self._halted or self._retrying
        return None if self._open.is_set() else "consumer: waiting for partitions"

    def fault(self) -> str | None:
        """A stall that restarting the subscriber did not cure."""
        return self._stalled

    def lag(self) -> dict[tuple[str, int], int]:
        """Records not yet handled, by (topic, partition)."""
        consumer = self._subscriber.consumer
        if consumer is None:
            return {}
        marks = {key: consumer.highwater(TopicPartition(*key)) for key in self._positions}
        return {
            k: max((m or 0) - self._positions[k].next_offset, 0) for k, m in marks.items() if m is not None
        }

    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscriber.consumer
        if consumer is None:
            raise ConnectionError("the consumer is stopped")
        return consumer

    # -- assignment ---------------------------------------------------------------------------------

    async def revoked(self) -> None:
        """Close the gate and wait for the batch in hand."""
        self._open.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), 20)
        self._positions = {}

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Seek to the stored offsets, however long it takes to read them, then open the gate."""
        backoff = Backoff(0.1, 3.0)
        while True:
            try:
                self._ids = dict(await topic_ids(self._bootstrap, self._translators))
                await self._seek(partitions)
                break
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("offsets_unreadable", error=f"{type(error).__name__}: {error}")
                await asyncio.sleep(backoff.next())
        self._progress_at = time.monotonic()
        self._open.set()
        log.info("partitions_assigned", count=len(partitions))

    async def _seek(self, partitions: Sequence[TopicPartition]) -> None:
        consumer = self._consumer()
        known = [(tp.topic, tp.partition) for tp in partitions]
        found = await offsets.stored(self._db.pool, self._group, known, self._ids) if known else {}
        for (topic, partition), next_offset in found.items():
            self._positions[topic, partition] = _Position(self._ids[topic], next_offset)
            consumer.seek(TopicPartition(topic, partition), next_offset)

    # -- batches ------------------------------------------------------------------------------------

    async def _on_batch(self, records: Any) -> None:  # FastStream builds a model of narrower types
        if not self._open.is_set() or self._halted:
            return
        self._idle.clear()
        try:
            await self._until_done(records)
        finally:
            self._idle.set()

    async def _until_done(self, records: Sequence[Raw]) -> None:
        """Try until it works, the partitions are revoked, or it is time to give the batch back."""
        backoff, started = Backoff(0.1, 5.0), time.monotonic()
        while self._open.is_set() and not self._halted:
            try:
                await self._once(records)
                return
            except dead_letters.TooManyDeadLetters as error:
                self._halt(str(error))
            except Exception as error:
                self._retrying = f"consumer: {type(error).__name__}: {error}"[:300]
                log.warning("batch_failed", error=self._retrying, records=len(records))
                if time.monotonic() - started > _GIVE_BACK_SECONDS:
                    await self._rewind(records)
                    return
                await asyncio.sleep(backoff.next())

    async def _once(self, records: Sequence[Raw]) -> None:
        try:
            items = [decode(record, self._translators) for record in await self._fresh(records)]
            if items:
                await self._process(items)
        except offsets.OffsetMismatch as error:
            log.warning("offset_mismatch", error=str(error))
            await self._rewind(records)
        self._retrying = None

    def _halt(self, reason: str) -> None:
        self._halted = f"consumer halted: {reason}"
        log.critical("consumer_halted", reason=reason)

    async def _fresh(self, records: Sequence[Raw]) -> list[Raw]:
        """The records at and after the stored offsets; a gap is only believed when the log begins there."""
        expected: dict[tuple[str, int], int] = {}
        fresh = []
        for record in records:
            key = (record.topic, record.partition)
            position = self._positions.get(key)
            if position is None:
                continue
            if key not in expected:
                if record.offset > position.next_offset and not await self._starts_at(key, record.offset):
                    await self._rewind([record])
                    expected[key] = -1
                else:
                    expected[key] = position.next_offset
            if expected[key] >= 0 and record.offset >= expected[key]:
                fresh.append(record)
        return fresh

    async def _starts_at(self, key: tuple[str, int], offset: int) -> bool:
        partition = TopicPartition(*key)
        begin = (await self._consumer().beginning_offsets([partition]))[partition]
        if begin == offset:
            log.error("records_lost_to_retention", topic=key[0], partition=key[1], first=offset)
        return bool(begin == offset)

    async def _rewind(self, records: Sequence[Raw]) -> None:
        await self._seek([TopicPartition(t, p) for t, p in {(r.topic, r.partition) for r in records}])

    async def _process(self, items: list[Item]) -> None:
        """One transaction for the batch; when it fails for good, halve until the record at fault is alone."""
        try:
            await self._commit(items)
        except PERMANENT as error:
            if len(items) > 1:
                middle = len(items) // 2
                await self._process(items[:middle])
                await self._process(items[middle:])
                return
            log.warning("record_unprocessable", error=repr(error), topic=items[0].record.topic)
            fault = Fault("unprocessable", f"{type(error).__name__}: {error}"[:2000])
            await self._commit([replace(items[0], fact=None, fault=fault)])

    async def _commit(self, items: list[Item]) -> None:
        moves = self._moves(items)
        faults = [item for item in items if item.fault is not None]
        self._limiter.admit(len(faults))
        async with self._db.transaction() as tx:
            await offsets.advance(tx, self._group, moves)
            if faults:
                await dead_letters.write(tx, self._outbox, self._service, faults, self._ids)
            facts = [item.fact for item in items if item.fault is None and item.fact is not None]
            if facts:
                await self._apply(tx, facts)
        last = {(i.record.topic, i.record.partition): i.record.offset + 1 for i in items}
        for key, next_offset in last.items():
            self._positions[key].next_offset = next_offset
        self.handled += len(items)
        self._progress_at = time.monotonic()

    def _moves(self, items: list[Item]) -> list[offsets.Move]:
        last = {(i.record.topic, i.record.partition): i.record.offset + 1 for i in items}
        return [
            offsets.Move(self._positions[k].topic_id, k[1], self._positions[k].next_offset, next_offset)
            for k, next_offset in sorted(last.items())
        ]

    # -- care ---------------------------------------------------------------------------------------

    async def _commit_hints(self) -> None:
        """Commit to Kafka as well, for lag tools only."""
        while True:
            await asyncio.sleep(5)
            consumer = self._subscriber.consumer
            marks = {TopicPartition(*k): p.next_offset for k, p in self._positions.items()}
            if consumer is not None and marks and self._open.is_set():
                with contextlib.suppress(Exception):
                    await consumer.commit(marks)

    async def _monitor(self) -> None:
        """Restart a subscriber that has stalled although its broker answers; report one that stays so."""
        restarts = 0
        while True:
            await asyncio.sleep(_MONITOR_SECONDS)
            fault = self._stall()
            if fault is None:
                restarts, self._stalled = 0, None
                continue
            restarts += 1
            log.error("consumer_stalled", fault=fault, restarts=restarts)
            if restarts > 3:
                self._stalled = f"consumer stalled: {fault}"
            with contextlib.suppress(Exception):
                await self.revoked()
                await self._subscriber.stop()
                await self._subscriber.start()
            self._progress_at = time.monotonic()

    def _stall(self) -> str | None:
        coordinator = getattr(self._subscriber.consumer, "_coordinator", None)
        for name in ("_coordination_task", "_heartbeat_task", "_commit_refresh_task"):
            task = getattr(coordinator, name, None)
            if task is not None and task.done() and not task.cancelled() and task.exception():
                return f"{name}: {task.exception()!r}"
        quiet = time.monotonic() - self._progress_at > _STALL_SECONDS
        working = self._retrying or self._halted or not self._open.is_set() or not self._idle.is_set()
        if quiet and not working and sum(self.lag().values()) > 0:
            return f"no progress for {_STALL_SECONDS:.0f} s with records waiting"
        return None


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


async def _raw_records(message: Any) -> Any:
    return message.raw_message


async def _tolerant_parser(message: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """FastStream's parser decodes every header as UTF-8; one null header would lose its whole batch."""
    for record in message if isinstance(message, tuple) else (message,):
        record.headers = tuple((k, (v or b"").decode("utf8", "replace").encode()) for k, v in record.headers)
    return await original(message)
