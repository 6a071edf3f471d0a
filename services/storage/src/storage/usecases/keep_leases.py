"""Leases that live as long as the work: renewed while a copy goes on, and a copy ends before its lease does.

Short leases, so that what a killed process had in hand comes back soon, however long a copy may take.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from runtime.db import Database
from runtime.work import table as work
from runtime.work.table import Claim

log = structlog.get_logger()

_PER_LEASE = 4
"""Renewals in the time of one lease: three may fail before a copy is given up."""


class LeaseLostError(Exception):
    """The lease could not be kept; somebody else may have the row by now."""


class KeepLeases:
    """A part of the worker: renews all leases in hand in one statement."""

    name = "leases"

    def __init__(self, db: Database, lease_seconds: float) -> None:
        self._db, self._lease = db, lease_seconds
        self._held: dict[Claim, asyncio.Timeout] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin renewing."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Renew no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def unready(self) -> str | None:
        """A lease that can't be renewed ends its own copy."""
        return None

    def fault(self) -> str | None:
        """A loop that has ended without being told to."""
        died = self._task is not None and self._task.done() and not self._task.cancelled()
        return "the leases are not renewed" if died else None

    @asynccontextmanager
    async def hold(self, claim: Claim) -> AsyncIterator[None]:
        """Run a block under a lease that is renewed. LeaseLostError when the block had to end early.

        The block must begin right after the claim.
        """
        try:
            async with asyncio.timeout_at(self._end()) as scope:
                self._held[claim] = scope
                yield
        except TimeoutError as error:
            if not scope.expired():
                raise
            raise LeaseLostError("the lease was lost") from error
        finally:
            self._held.pop(claim, None)

    async def renew(self) -> None:
        """Renew what is in hand now; end the copies whose row is somebody else's."""
        held = dict(self._held)
        if not held:
            return
        end = self._end()
        async with self._db.transaction(durable=False) as tx:
            kept = await work.renew(tx, list(held), self._lease)
        for claim, scope in held.items():
            if self._held.get(claim) is scope and not scope.expired():
                scope.reschedule(end if claim.id in kept else 0)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._lease / _PER_LEASE)
            try:
                await self.renew()
            except Exception as error:
                log.warning("leases_not_renewed", error=f"{type(error).__name__}: {error}"[:300])

    def _end(self) -> float:
        """The event loop's time at which a lease that begins now is treated as over: a little early."""
        return asyncio.get_running_loop().time() + self._lease * (1 - 0.5 / _PER_LEASE)
