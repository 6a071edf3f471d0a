"""A service that is being recovered: not started before its own words are back, unready until it has heard
what the others said since."""

import asyncio
import contextlib
from collections.abc import Collection

import structlog

from runtime.backoff import Backoff
from runtime.bus.backlog import first_behind
from runtime.bus.ends import Ends, read_ends
from runtime.db import Database
from runtime.recovery import table

log = structlog.get_logger()

_LOOK_SECONDS = 1.0


class NotRestored(Exception):
    """The database was restored, or `recover` was begun, and `recover` has not come to its end."""


class Recovering:
    """A part of every process; right after the database, before whatever works on it."""

    name = "recovery"

    def __init__(
        self, db: Database, *, service: str, bootstrap: str, group: str, topics: Collection[str]
    ) -> None:
        self._db, self._service, self._bootstrap = db, service, bootstrap
        self._group, self._topics = group, topics
        self._behind: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises NotRestored, and is tried again, while the database lacks what the service had said."""
        state = await table.state(self._db.pool)
        if state.began_at is not None and state.restored_at is None:
            command = f"python -m {self._service} recover"
            raise NotRestored(f"the database is a restored one and `{command}` has not ended: run it")
        if state.began_at is not None and state.ended_at is None:
            self._behind = "recovery: what the others said since the backup is not read yet"
            self._task = asyncio.create_task(self._catch_up(), name=self.name)

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def unready(self) -> str | None:
        """What of the others' words is still to be read."""
        return self._behind

    def fault(self) -> str | None:
        """It waits, however long it takes."""
        return None

    async def _catch_up(self) -> None:
        ends, backoff = await self._ends(), Backoff(_LOOK_SECONDS, 10.0)
        while self._behind is not None:
            with contextlib.suppress(Exception):  # the database is away: look again
                behind = await first_behind(self._db.pool, self._group, ends)
                if behind is None:
                    await table.end(self._db.pool)
                    log.info("recovered", service=self._service)
                    self._behind = None
                    return
                self._behind = f"recovery: {behind}"
            await asyncio.sleep(backoff.next())

    async def _ends(self) -> Ends:
        backoff = Backoff(_LOOK_SECONDS, 10.0)
        while True:
            try:
                return await read_ends(self._bootstrap, self._topics) if self._topics else {}
            except Exception as error:
                log.warning("ends_unknown", error=f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(backoff.next())
