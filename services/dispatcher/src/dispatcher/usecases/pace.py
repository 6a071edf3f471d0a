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


class Pace:
    """Hands out calls: those who wait for the same ones get them account by account in turn."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._gates: dict[Key, _Gate] = {}

    async def turn(self, provider: Provider, credential_id: str, kind: str, account: UUID) -> float | None:
        """Wait for a turn and return None; or the seconds to come back after, if it would take too long."""
        rate = provider.submits_per_second if kind == "submit" else provider.polls_per_second
        if rate is None:
            return None
        key = (provider.name, credential_id, kind)
        gate = self._gates.setdefault(key, _Gate(self._db, key))
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

    def __init__(self, db: Database, key: Key) -> None:
        self._db, self._key = db, key
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
        self._put_back()
        return min(max(wait - limits.AHEAD_SECONDS, 0.02), MOST_WAIT_SECONDS / 4)

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
