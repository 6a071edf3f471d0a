"""How many of an account's tasks go before one of them: accounts take turns, so only its own count."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from runtime.db import Database

from gateway.db import task_lists

_MOST_CACHED = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    until: float
    newest: UUID
    positions: Mapping[UUID, int]


class QueuePositions:
    """Knows each account's waiting tasks, read at most once per `fresh_seconds`: many may poll at once."""

    def __init__(self, db: Database, fresh_seconds: float = 1.0) -> None:
        self._db, self._fresh = db, fresh_seconds
        self._known: dict[UUID, _Known] = {}

    async def __call__(self, account_id: UUID, waiting: Iterable[UUID]) -> dict[UUID, int]:
        """The positions of tasks that wait for a provider; 1 is next. What has moved on is left out."""
        wanted = list(waiting)
        if not wanted:
            return {}
        known = self._known.get(account_id)
        if known is None or known.until < time.monotonic() or max(wanted) > known.newest:
            known = await self._read(account_id)
        return {each: known.positions[each] for each in wanted if each in known.positions}

    async def _read(self, account_id: UUID) -> _Known:
        until = time.monotonic() + self._fresh
        ids = await task_lists.waiting(self._db.pool, account_id)
        if len(self._known) > _MOST_CACHED:
            self._known.clear()
        newest = ids[-1] if ids else UUID(int=0)
        known = _Known(until, newest, {task_id: n for n, task_id in enumerate(ids, 1)})
        self._known[account_id] = known
        return known
