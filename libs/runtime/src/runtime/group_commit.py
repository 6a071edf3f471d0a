"""Group commit: many coroutines, one transaction.

While one batch is being written the next one gathers, so the price of a commit is shared by whatever arrived
meanwhile, and a lone caller waits for nobody.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar, cast

from runtime import failpoints
from runtime.db import PERMANENT
from runtime.rest import Rest

I = TypeVar("I")  # noqa: E741 -- the item
R = TypeVar("R")

Write = Callable[[Sequence[I]], Awaitable[Sequence[R | Exception]]]
"""Writes a batch in one transaction; a result or an exception for each item, in order."""


class OverloadedError(Exception):
    """Too many callers wait already; nothing was done. Answer 503 and let them come back."""


class GroupCommit(Generic[I, R]):
    """Gathers items for `write`. At most `lanes` batches are being written at once.

    `linger_seconds` lets a batch that isn't full wait for company, at least that long and longer when there
    is much to write: for where nobody waits for the answer.
    """

    def __init__(
        self,
        write: Write[I, R],
        *,
        max_batch: int = 128,
        max_waiting: int = 2000,
        lanes: int = 1,
        linger_seconds: float | None = None,
    ) -> None:
        self._write, self._max_batch, self._max_waiting, self._lanes = write, max_batch, max_waiting, lanes
        self._linger, self._rest = linger_seconds, Rest(share=1.0, most=0.05)
        self._waiting: deque[tuple[I, asyncio.Future[R]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, item: I) -> R:
        """Write the item with whoever else is there; its result once committed.

        Raises OverloadedError at once when the queue is full, and what the write raised for this item.
        """
        if len(self._waiting) >= self._max_waiting:
            raise OverloadedError(f"{len(self._waiting)} requests are waiting")
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._running) < self._lanes:
            self._running.add(asyncio.create_task(self._drain()))
        return await future

    async def join(self) -> None:
        """Wait until everything that was submitted is written."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def _drain(self) -> None:
        taken: list[tuple[I, asyncio.Future[R]]] = []
        try:
            while self._waiting:
                await asyncio.sleep(self._patience)  # let whoever is ready join this batch
                self._rest.begin()
                count = min(self._max_batch, len(self._waiting))
                taken = [self._waiting.popleft() for _ in range(count)]
                if batch := [entry for entry in taken if not entry[1].done()]:  # without who has gone away
                    await self._settle(batch)
                self._rest.end()
        except asyncio.CancelledError:
            self._abandon([*taken, *self._waiting])
            raise
        finally:  # in the same step as the last look at the queue: a later caller starts a new lane
            self._running.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    @property
    def _patience(self) -> float:
        if self._linger is None or len(self._waiting) >= self._max_batch:
            return 0.0
        return max(self._linger, self._rest.due)

    def _abandon(self, entries: Sequence[tuple[I, asyncio.Future[R]]]) -> None:
        """Nobody may wait for ever."""
        self._waiting.clear()
        for _, future in entries:
            if not future.done():
                future.set_exception(ConnectionAbortedError("the write was cancelled"))

    async def _settle(self, batch: list[tuple[I, asyncio.Future[R]]]) -> None:
        try:
            results = await self._write([item for item, _ in batch])
            await failpoints.reach("group.committed")
            if len(results) != len(batch):
                raise RuntimeError(f"{len(results)} results for {len(batch)} items")
        except PERMANENT as error:
            await self._settle_apart(batch, error)
            return
        except Exception as error:
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)

    async def _settle_apart(self, batch: list[tuple[I, asyncio.Future[R]]], error: Exception) -> None:
        """One bad item must not fail its neighbours."""
        if len(batch) > 1:
            middle = len(batch) // 2
            await self._settle(batch[:middle])
            await self._settle(batch[middle:])
        elif not batch[0][1].done():
            batch[0][1].set_exception(error)
