"""Pacing: a provider's calls per second, shared with the other replicas, and fair between accounts."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from runtime.db import Database

from dispatcher.db import limits
from dispatcher.domain.providers import Provider

Key = tuple[str, str, str]
"""Provider, credential, kind of call."""

MOST_WAIT_SECONDS = 2.0
"""A call that would have to wait longer is put back, so that it doesn't sit on a lease."""


COUNT_SECONDS = 5.0
"""How often the jobs are counted that share a rate which doesn't do for all of them."""
CROWD_SECONDS = 60.0
"""A rate that nobody had to wait for in so long does for all."""


class Pace:
    """Hands out calls: those who wait for the same ones get them account by account in turn.

    `work` is the kind of the jobs' work rows.
    """

    def __init__(self, db: Database, work: str) -> None:
        self._db, self._work = db, work
        self._gates: dict[Key, _Gate] = {}

    def cycle_seconds(self, provider: str, credential_id: str) -> float:
        """How long it takes to ask for each of a credential's jobs once; 0 while the rate does for all.

        Who asks again sooner only takes the turn of a job that nobody has asked for yet.
        """
        gate = self._gates.get((provider, credential_id, "poll"))
        return 0.0 if gate is None else gate.cycle_seconds()

    async def turn(self, provider: Provider, credential_id: str, kind: str, account: UUID) -> float | None:
        """Wait for a turn and return None; or the seconds to come back after, if it would take too long."""
        rate = provider.submits_per_second if kind == "submit" else provider.polls_per_second
        if rate is None:
            return None
        key = (provider.name, credential_id, kind)
        gate = self._gates.setdefault(key, _Gate(self._db, key, self._work))
        wait = await gate.enter(account, rate)
        if wait < 0:
            return -wait
        await asyncio.sleep(wait)
        return None


@dataclass(slots=True)
class _Waiter:
    future: "asyncio.Future[float]"
    since: float


class _Gate:
    """Those who wait for one kind of call. One statement at a time takes what there is for all of them."""

    def __init__(self, db: Database, key: Key, work: str) -> None:
        self._db, self._key, self._work = db, key, work
        self._live, self._counted_at, self._crowded_at = 0, -COUNT_SECONDS, -CROWD_SECONDS
        self._waiting: dict[UUID, deque[_Waiter]] = {}  # in the order in which the accounts' turns come
        self._per_second = 1.0
        self._running: asyncio.Task[None] | None = None

    async def enter(self, account: UUID, per_second: float) -> float:
        """The wait until one's call, or, negative, until one should come again."""
        self._per_second = per_second
        waiter = _Waiter(asyncio.get_running_loop().create_future(), time.monotonic())
        self._waiting.setdefault(account, deque()).append(waiter)
        if self._running is None:
            self._running = asyncio.create_task(self._serve())
        return await waiter.future

    def cycle_seconds(self) -> float:
        """Seconds for one call about each job, by the last count; 0 when all had their calls at once."""
        crowded = time.monotonic() - self._crowded_at < CROWD_SECONDS
        return self._live / self._per_second if crowded else 0.0

    async def _serve(self) -> None:
        await asyncio.sleep(0)  # let whoever is ready join the first round
        try:
            while self._waiting:
                pause = await self._round()
                if self._waiting:
                    await asyncio.sleep(pause)
        except Exception as error:
            for waiter in self._everybody():
                waiter.future.set_exception(error)
        finally:
            self._running = None

    async def _round(self) -> float:
        """Give away what there is; seconds until the next look."""
        count = sum(map(len, self._waiting.values()))
        async with self._db.transaction(durable=False) as tx:
            calls, wait = await limits.take(tx, self._key, count, self._per_second)
        for n in range(calls):
            if (future := self._next()) is not None:
                future.set_result(wait + n / self._per_second)
        if self._waiting:
            await self._count()
        self._put_back()
        return min(max(wait - limits.AHEAD_SECONDS, 0.02), MOST_WAIT_SECONDS / 4)

    async def _count(self) -> None:
        """There are more who ask than calls: how many are they?"""
        now = self._crowded_at = time.monotonic()
        if self._key[2] == "poll" and now - self._counted_at >= COUNT_SECONDS:
            self._counted_at = now
            self._live = await limits.live(self._db.pool, *self._key[:2], self._work)

    def _next(self) -> "asyncio.Future[float] | None":
        """Whose turn it is: the account goes to the end of the row, behind all others that wait."""
        while self._waiting:
            account, waiters = next(iter(self._waiting.items()))
            del self._waiting[account]
            waiter = waiters.popleft()
            if waiters:
                self._waiting[account] = waiters
            if not waiter.future.done():
                return waiter.future
        return None

    def _put_back(self) -> None:
        """Those who waited long enough come again when the others before them may have been served."""
        left = sum(map(len, self._waiting.values()))
        again = max(left / self._per_second, 1.0)
        for waiters in self._waiting.values():
            while waiters and time.monotonic() - waiters[0].since >= MOST_WAIT_SECONDS:
                future = waiters.popleft().future
                if not future.done():
                    future.set_result(-random.uniform(0.5, 1.0) * again)
        self._waiting = {account: waiters for account, waiters in self._waiting.items() if waiters}

    def _everybody(self) -> Iterable[_Waiter]:
        waiting, self._waiting = self._waiting, {}
        return [each for waiters in waiting.values() for each in waiters if not each.future.done()]
