"""Slots as they become free go to those who wait for them, account by account in turn."""

import asyncio
import contextlib
from collections.abc import Callable
from uuid import UUID

import structlog
from runtime.backoff import Backoff
from runtime.db import Database

from dispatcher.db import turns
from dispatcher.db.turns import Key
from dispatcher.usecases.known import Known

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""Slots are given up by other replicas, and by leases that end: nobody tells of these."""
_NOBODY = UUID(int=0)


class Turns:
    """A part of the worker. It has nothing to do where no provider's concurrency is limited."""

    name = "turns"

    def __init__(self, db: Database, called: str, known: Known) -> None:
        self._db, self._called, self._known = db, called, known
        self._ever_limited = False
        self.wake: Callable[[], None] | None = None
        """Told when a task was called."""
        self._crowded: set[Key] = set()
        self._after: dict[Key, UUID] = {}
        self._look = asyncio.Event()
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._loop = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """End; others give away what becomes free."""
        self._stopping = True
        self._look.set()
        if self._loop is not None:
            await self._loop

    def unready(self) -> str | None:
        """It only speeds things up: who waits looks for himself in the end."""
        return None

    def fault(self) -> str | None:
        """A loop that has ended without being told to."""
        died = self._loop is not None and self._loop.done() and not self._stopping
        return "turns has stopped" if died else None

    @property
    def limited(self) -> bool:
        """Whether any provider's concurrency is limited, or was since the process began."""
        self._ever_limited = self._ever_limited or any(
            each.max_concurrent is not None for each in self._known.providers.values()
        )
        return self._ever_limited

    def crowded(self, key: Key) -> bool:
        """Whether others wait for this key's slots: then nobody needs to try."""
        return key in self._crowded

    def fill(self, key: Key) -> None:
        """There was no slot."""
        self._crowded.add(key)

    def freed(self) -> None:
        """A slot may be free."""
        self._look.set()

    async def _run(self) -> None:
        backoff = Backoff(0.2, 5.0)
        while not self._stopping:
            self._look.clear()
            try:
                await self._hand_out()
                backoff.reset()
            except Exception as error:
                log.warning("turns_failed", error=repr(error)[:300])
                await asyncio.sleep(backoff.next())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), LOOK_SECONDS)

    async def _hand_out(self) -> None:
        limits = {
            (provider.name, credential.id): provider.max_concurrent
            for provider in self._known.providers.values()
            if provider.max_concurrent is not None
            for credential in provider.credentials
        }
        if not limits:
            return
        waited_for = await turns.waited_for(self._db, list(limits))
        self._crowded &= set(waited_for)
        for key in waited_for:
            self._crowded.add(key)
            async with self._db.transaction() as tx:
                after = self._after.get(key, _NOBODY)
                called, self._after[key] = await turns.hand_out(tx, key, limits[key], after, self._called)
            if called and self.wake is not None:
                self.wake()
