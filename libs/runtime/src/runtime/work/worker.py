"""Workers: claim rows, handle each in a task of its own, never more than `concurrency` at once."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import structlog

from runtime import failpoints
from runtime.backoff import Backoff, delay
from runtime.db import Database
from runtime.rest import Rest
from runtime.work import table
from runtime.work.table import Claim

log = structlog.get_logger()

Handle = Callable[[Claim], Awaitable[None]]
"""Does the work and completes or reschedules its row. When it raises, the row comes back with backoff."""


SHARE = 0.75
"""What one account may have of a worker's hands: slow work of one leaves room for the others' first."""


class Worker:
    """A part of a process for one kind of work."""

    def __init__(
        self,
        db: Database,
        kind: str,
        handle: Handle,
        *,
        concurrency: int,
        lease_seconds: float,
        idle_seconds: float = 0.25,
        retry_first: float = 1.0,
        retry_most: float = 60.0,
    ) -> None:
        self.name = f"worker:{kind}"
        self._db, self._kind, self._handle = db, kind, handle
        self._concurrency, self._idle = concurrency, idle_seconds
        self.lease_seconds = lease_seconds
        self._retry_first, self._retry_most = retry_first, retry_most
        self._wake = asyncio.Event()
        self._busy: set[asyncio.Task[None]] = set()
        self._most_each = max(1, int(concurrency * SHARE))
        self._in_hand: Counter[UUID] = Counter()
        self._after = UUID(int=0)
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None
        self._error: str | None = None

    async def start(self) -> None:
        """Begin claiming."""
        self._loop = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Claim no more and finish what is in hand; what takes longer comes back when its lease ends."""
        self._stopping = True
        self._wake.set()
        if self._loop is not None:
            await self._loop
        if self._busy:
            _, left = await asyncio.wait(self._busy, timeout=20)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def unready(self) -> str | None:
        """Why nothing can be claimed, or None."""
        return self._error

    def fault(self) -> str | None:
        """A loop that has ended without being told to."""
        died = self._loop is not None and self._loop.done() and not self._stopping
        return f"{self.name} has stopped" if died else None

    def wake(self) -> None:
        """There is new work: look at once."""
        self._wake.set()

    @property
    def in_hand(self) -> int:
        """Rows being worked on."""
        return len(self._busy)

    async def _run(self) -> None:
        backoff, rest = Backoff(0.2, 5.0), Rest()
        while not self._stopping:
            self._wake.clear()
            free = self._concurrency - len(self._busy)
            claimed = 0
            if free > 0:
                rest.begin()
                try:
                    claimed = await self._claim(free)
                    self._error = None
                    backoff.reset()
                    if claimed:
                        await rest.take()
                except Exception as error:
                    self._error = f"{self.name}: {type(error).__name__}: {error}"[:300]
                    log.warning("claim_failed", kind=self._kind, error=self._error)
                    await asyncio.sleep(backoff.next())
            if claimed == 0 or claimed < free:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._idle)

    async def _claim(self, free: int) -> int:
        full = [account for account, count in self._in_hand.items() if count >= self._most_each]
        most = max((count for count in self._in_hand.values() if count < self._most_each), default=0)
        claims = await table.claim(
            self._db.pool,
            self._kind,
            limit=free,
            lease_seconds=self.lease_seconds,
            after=self._after,
            without=full,
            most_each=self._most_each - most,
        )
        for claim in claims:
            self._in_hand[claim.account_id] += 1
            task = asyncio.create_task(self._work(claim))
            self._busy.add(task)
            task.add_done_callback(partial(self._done, claim.account_id))
        self._after = table.next_after(claims, self._after)
        return len(claims)

    def _done(self, account: UUID, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        self._in_hand[account] -= 1
        if not self._in_hand[account]:
            del self._in_hand[account]
        self._wake.set()

    async def _work(self, claim: Claim) -> None:
        try:
            await failpoints.reach("work.claimed")
            await self._handle(claim)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            wait = delay(claim.tries, self._retry_first, self._retry_most)
            log.warning(
                "work_failed", kind=self._kind, id=str(claim.id), tries=claim.tries, error=repr(error)[:500]
            )
            with contextlib.suppress(Exception):
                async with self._db.transaction() as tx:
                    await table.reschedule(tx, [(claim, wait)])
