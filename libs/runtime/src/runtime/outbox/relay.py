"""The relay: carries outbox rows to Kafka, in order, at least once.

One relay works at a time per database (advisory lock, held by its own connection). It reads by a cursor on
(epoch, txid, id) below `pg_snapshot_xmin`, sends with an idempotent producer, waits for every
acknowledgement and only then moves the cursor by compare-and-set.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer

from runtime import failpoints, metrics
from runtime.backoff import Backoff
from runtime.db import Database
from runtime.outbox import table
from runtime.outbox.reached import Reached
from runtime.outbox.record import partition_of, record_of
from runtime.rest import Rest

log = structlog.get_logger()

LOCK = "SELECT pg_try_advisory_lock(hashtext('framebus.relay'))"
_CURSOR = "SELECT epoch, txid::text AS txid, id FROM outbox_cursor WHERE name = 'relay'"
_READ = """
SELECT epoch, txid::text AS txid, id, topic, key, event_id, subject, traceparent, value::text AS value,
       created_at,
       epoch < (SELECT epoch FROM recovery)
       OR txid < pg_snapshot_xmin(pg_current_snapshot()) AS below
FROM outbox
WHERE (epoch, txid, id) > ($1, $2::text::xid8, $3)
  AND created_at >= $5 AND created_at < now() + interval '1 day'  -- leaves out most days' partitions
ORDER BY outbox.epoch, outbox.txid, outbox.id
LIMIT $4
"""
_SESSION = """
SET enable_bitmapscan = off; SET enable_seqscan = off; SET enable_sort = off;  -- follow the index
SET plan_cache_mode = force_generic_plan;  -- planning over all partitions costs five times the reading
SET synchronous_commit = off;  -- a cursor that is lost repeats records, no more
SET lock_timeout = '2s'  -- whoever waits for the lock of a new partition holds up all writers behind it
"""
_MOVE = """
UPDATE outbox_cursor SET epoch = $1, txid = $2::text::xid8, id = $3, moved_at = now()
WHERE name = 'relay' AND (epoch, txid, id) = ($4, $5::text::xid8, $6)
"""
_OLDEST_BEYOND = """
SELECT coalesce(min(o.created_at), now()) - interval '1 day'
FROM outbox o, outbox_cursor c
WHERE c.name = 'relay' AND (o.epoch, o.txid, o.id) > (c.epoch, c.txid, c.id)
"""
CHANNEL = "outbox"
MOVED = "moved"
"""What `replay` says on the channel: the cursor was moved back."""

_MAINTENANCE_SECONDS = 3600.0
_MAINTENANCE_AGAIN_SECONDS = 60.0
_ACKNOWLEDGED_SECONDS = 20.0
_STOP_SECONDS = 10.0
_STUCK_SECONDS = 1.0


class CursorLost(Exception):
    """Another relay moved the cursor: this one was taken for dead. It starts over."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the relay has sent."""

    epoch: int
    txid: str
    id: int


class Relay:
    """A part of every process that writes: start, nudge, stop."""

    name = "relay"

    def __init__(
        self,
        db: Database,
        *,
        service: str,
        bootstrap: str,
        batch: int = 1000,
        idle_seconds: float = 0.5,
        retention_days: int = 7,
    ) -> None:
        self._db, self._service, self._bootstrap = db, service, bootstrap
        self._batch, self._idle, self._retention = batch, idle_seconds, retention_days
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._moved = False
        self._task: asyncio.Task[None] | None = None
        self._leading = False
        self._notify: asyncio.Task[None] | None = None
        self._lookback: Any = None
        self._reached = Reached(bootstrap)
        self._maintain_at = 0.0
        self._blocked_at: float | None = None
        self._missing: str | None = None
        self.sent = 0
        self.last_error: str | None = None

    async def start(self) -> None:
        """Begin relaying in the background."""
        self._task = asyncio.create_task(self._run(), name="relay")

    async def stop(self) -> None:
        """Send what is committed, then stop."""
        self._stop.set()
        self._wake.set()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(self._task, _STOP_SECONDS)

    def unready(self) -> str | None:
        """Why the process can't say what it writes down, or None."""
        return self.last_error or self._missing

    def fault(self) -> str | None:
        """The relay heals itself; it is never a reason to be killed."""
        return None

    async def nudge(self) -> None:
        """Rows were committed by this process: wake our relay, or whoever leads."""
        if self._leading:
            self._wake.set()
        elif self._notify is None or self._notify.done():
            self._notify = asyncio.create_task(self._notify_leader())

    async def _notify_leader(self) -> None:
        with contextlib.suppress(Exception):  # only a hint: the leader polls as well
            await self._db.pool.execute(f"NOTIFY {CHANNEL}")

    async def _run(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while not self._stop.is_set():
            try:
                await self._lead(backoff)
            except Exception as error:
                self.last_error = f"relay: {type(error).__name__}: {error}"
                log.warning("relay_failed", error=self.last_error)
                await _wait(self._stop, backoff.next())

    async def _lead(self, backoff: Backoff) -> None:
        """Wait for the lock, then relay until stopped or something breaks."""
        conn = await self._db.connect("relay")
        try:
            await conn.execute(_SESSION)
            while not await conn.fetchval(LOCK):
                self.last_error = None
                await _wait(self._stop, 1.0)
                if self._stop.is_set():
                    return
            await conn.add_listener(CHANNEL, self._notified)
            await self._maintain(conn)
            producer = self._producer()
            try:
                await producer.start()
                self._leading = True
                await self._relay(conn, producer, backoff)
            finally:
                self._leading = False
                await _close(producer)
        finally:
            await asyncio.shield(conn.close(timeout=2))

    def _notified(self, *args: Any) -> None:
        self._moved = self._moved or args[-1] == MOVED
        self._wake.set()

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=f"{self._service}-relay",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=262_144,
            max_request_size=4_194_304,
            request_timeout_ms=10_000,
            partitioner=partition_of,
        )

    async def _relay(self, conn: asyncpg.Connection, producer: AIOKafkaProducer, backoff: Backoff) -> None:
        cursor, blocked, rest = await self._load(conn), Backoff(0.002, 0.1), Rest()
        self._reached = Reached(self._bootstrap)
        while True:
            rest.begin()
            self._wake.clear()
            if self._moved:
                cursor = await self._load(conn)
            await self._maintain(conn)
            await self._reached.keep(conn)
            rows = await self._read(conn, cursor)
            if ready := [row for row in rows if row["below"]]:
                self._measure()
                cursor = await self._send(conn, producer, cursor, ready)
                backoff.reset()
                blocked.reset()
            self.last_error = None
            rest.end()
            if len(ready) < len(rows):  # above the horizon: an older transaction is about to end
                self._measure(blocked=not ready)
                await asyncio.sleep(max(blocked.next(), rest.due))
            elif not rows and self._stop.is_set():
                await self._reached.keep(conn, now=True)
                return
            elif len(rows) < self._batch // 2:
                self._measure()
                await asyncio.sleep(rest.due)
                await _wait(self._wake, self._idle)  # whoever has committed since the read has set it

    async def _read(self, conn: asyncpg.Connection, cursor: Cursor) -> list[asyncpg.Record]:
        """What comes next, whether it may be sent yet or not; of what is held up for long only the first."""
        stuck = self._blocked_at is not None and time.monotonic() - self._blocked_at > _STUCK_SECONDS
        limit = 1 if stuck else self._batch
        rows: list[asyncpg.Record] = await conn.fetch(
            _READ, cursor.epoch, cursor.txid, cursor.id, limit, self._lookback
        )
        return rows

    def _measure(self, *, blocked: bool = False) -> None:
        now = time.monotonic()
        self._blocked_at = (self._blocked_at or now) if blocked else None
        metrics.BLOCKED.labels(self._service).set(now - self._blocked_at if self._blocked_at else 0)

    async def _load(self, conn: asyncpg.Connection) -> Cursor:
        self._moved = False
        row = await conn.fetchrow(_CURSOR)
        assert row is not None, "the migration makes the cursor"
        self._lookback = await conn.fetchval(_OLDEST_BEYOND)
        return Cursor(row["epoch"], row["txid"], row["id"])

    async def _send(
        self, conn: asyncpg.Connection, producer: AIOKafkaProducer, cursor: Cursor, rows: list[asyncpg.Record]
    ) -> Cursor:
        await failpoints.reach("relay.read")
        async with asyncio.timeout(_ACKNOWLEDGED_SECONDS):  # an idempotent producer would try for ever
            pending = [await producer.send(**record_of(self._service, row)) for row in rows]
            self._reached.note(await asyncio.gather(*pending))
        await failpoints.reach("relay.sent")
        last = rows[-1]
        moved = Cursor(last["epoch"], last["txid"], last["id"])
        status = await conn.execute(
            _MOVE, moved.epoch, moved.txid, moved.id, cursor.epoch, cursor.txid, cursor.id
        )
        if status != "UPDATE 1":
            raise CursorLost("another relay or a replay moved the cursor")
        self.sent += len(rows)
        metrics.SENT.labels(self._service).inc(len(rows))
        return moved

    async def _maintain(self, conn: asyncpg.Connection) -> None:
        """Partitions for the days to come, none for those past retention; once an hour."""
        if time.monotonic() < self._maintain_at:
            return
        self._maintain_at = time.monotonic() + _MAINTENANCE_SECONDS
        try:
            made = await table.ensure_partitions(conn)
            dropped = await table.drop_expired(conn, self._retention)
            if made or dropped:
                log.info("outbox_partitions", made=made, dropped=dropped)
        except asyncpg.LockNotAvailableError as error:  # a long transaction is in the way
            self._maintain_at = time.monotonic() + _MAINTENANCE_AGAIN_SECONDS
            log.warning("outbox_not_maintained", error=str(error))
        missing = await table.partition_missing_soon(conn)
        self._missing = "relay: a partition of the next days is missing" if missing else None
        self._lookback = await conn.fetchval(_OLDEST_BEYOND)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


async def _close(producer: AIOKafkaProducer) -> None:
    """Leave nothing behind: what was not acknowledged would be flushed for as long as the broker is away."""
    producer._message_accumulator.fail_all(ConnectionAbortedError("the relay gave up"))
    await producer.stop()
