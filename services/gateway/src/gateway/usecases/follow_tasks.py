"""Live histories: one LISTEN connection per process wakes the streams that wait for a task.

Whatever is announced is only a hint; the events come from the database, and a poll covers a lost hint.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Iterator
from uuid import UUID

import structlog
from runtime.backoff import Backoff
from runtime.db import Database

from gateway.db import task_events
from gateway.db.task_events import TaskEvent

log = structlog.get_logger()

_CHECK_SECONDS = 20.0


class Subscription:
    """One stream's view of one task: the events past `seq`."""

    def __init__(self, task_id: UUID, seq: int) -> None:
        self.task_id, self.seq = task_id, seq
        self._events: list[TaskEvent] = []
        self._wake = asyncio.Event()
        self._closed = False

    async def next(self, timeout: float) -> list[TaskEvent] | None:
        """The events since the last call, none after `timeout` seconds; None when it was closed."""
        if not self._events and not self._closed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout)
        self._wake.clear()
        events, self._events = self._events, []
        return None if self._closed and not events else events

    def deliver(self, event: TaskEvent) -> None:
        """Hand over an event, unless it is known."""
        if event.seq > self.seq:
            self.seq = event.seq
            self._events.append(event)
            self._wake.set()

    def close(self) -> None:
        """Let the stream end; its client comes back to another process."""
        self._closed = True
        self._wake.set()


class FollowTasks:
    """A part: the hub between the announcements and the streams."""

    name = "task_events"

    def __init__(self, db: Database, poll_seconds: float) -> None:
        self._db, self._poll = db, poll_seconds
        self._watched: dict[UUID, set[Subscription]] = {}
        self._dirty: set[UUID] = set()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._draining = False
        self.streams = 0

    async def start(self) -> None:
        """Begin to listen."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._deliver())]

    async def stop(self) -> None:
        """Close all streams and end."""
        self.drain()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drain(self) -> None:
        """Close all streams, so that the server can finish."""
        self._draining = True
        for subscription in [each for group in self._watched.values() for each in group]:
            subscription.close()

    def unready(self) -> str | None:
        """The poll works without the connection."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    @contextlib.contextmanager
    def subscribe(self, task_id: UUID, after: int) -> Iterator[Subscription]:
        """Follow a task from an event on; what is past it already comes at once."""
        subscription = Subscription(task_id, after)
        self._watched.setdefault(task_id, set()).add(subscription)
        self.streams += 1
        self.announce([task_id])
        if self._draining:
            subscription.close()
        try:
            yield subscription
        finally:
            self.streams -= 1
            group = self._watched[task_id]
            group.discard(subscription)
            if not group:
                del self._watched[task_id]

    def announce(self, task_ids: Iterable[UUID]) -> None:
        """These tasks have news."""
        self._dirty.update(task_id for task_id in task_ids if task_id in self._watched)
        if self._dirty:
            self._wake.set()

    async def _deliver(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), self._poll)
            except TimeoutError:
                self._dirty.update(self._watched)
            self._wake.clear()
            dirty, self._dirty = self._dirty, set()
            try:
                await self._hand_out(dirty)
                backoff.reset()
            except Exception as error:
                log.warning("task_events_unreadable", error=f"{type(error).__name__}: {error}")
                await asyncio.sleep(backoff.next())

    async def _hand_out(self, task_ids: Collection[UUID]) -> None:
        wanted = {
            task_id: min(each.seq for each in group)
            for task_id in task_ids
            if (group := self._watched.get(task_id))
        }
        for event in await task_events.after(self._db.pool, wanted):
            for subscription in self._watched.get(event.task_id, ()):
                subscription.deliver(event)

    async def _listen(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while True:
            try:
                await self._listen_once(backoff)
            except Exception as error:
                log.warning("listen_failed", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(backoff.next())

    async def _listen_once(self, backoff: Backoff) -> None:
        conn = await self._db.connect("listen")
        lost = asyncio.Event()
        conn.add_termination_listener(lambda _: lost.set())
        try:
            await conn.add_listener(
                task_events.CHANNEL, lambda *said: self.announce(task_events.notified(str(said[-1])))
            )
            self.announce(list(self._watched))  # what was said while nobody listened
            backoff.reset()
            while not await _within(lost, _CHECK_SECONDS):
                await conn.execute("SELECT 1")  # a connection can be dead without a word
        finally:
            with contextlib.suppress(Exception):
                await asyncio.shield(conn.close(timeout=2))


async def _within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
