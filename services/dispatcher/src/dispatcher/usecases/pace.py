"""Pacing: a provider's calls per second, shared with the other replicas."""

import asyncio
import random
from collections.abc import Mapping, Sequence

from runtime.db import Database
from runtime.group_commit import GroupCommit

from dispatcher.db import limits
from dispatcher.domain.providers import Provider

Key = tuple[str, str, str]


class Pace:
    """Hands out calls. Callers that come at the same moment share one statement."""

    def __init__(self, db: Database, providers: Mapping[str, Provider]) -> None:
        self._db = db
        self._gates: dict[Key, GroupCommit[None, float]] = {}
        for provider in providers.values():
            rates = {"submit": provider.submits_per_second, "poll": provider.polls_per_second}
            for credential in provider.credentials:
                for kind, rate in rates.items():
                    if rate is not None:
                        key = (provider.name, credential.id, kind)
                        self._gates[key] = GroupCommit(_Take(db, key, rate))

    async def turn(self, provider: str, credential_id: str, kind: str) -> float | None:
        """Wait for a turn and return None; or the seconds to come back after, if it would take too long."""
        gate = self._gates.get((provider, credential_id, kind))
        if gate is None:
            return None
        wait = await gate.submit(None)
        if wait < 0:
            return random.uniform(0.5, 1.0) * -wait
        await asyncio.sleep(wait)
        return None


class _Take:
    """Takes calls for a batch of waiters: each one's wait, negative for those without a call."""

    def __init__(self, db: Database, key: Key, per_second: float) -> None:
        self._db, self._key, self._per_second = db, key, per_second

    async def __call__(self, batch: Sequence[None]) -> list[float | Exception]:
        async with self._db.transaction(durable=False) as tx:
            calls, wait = await limits.take(tx, self._key, len(batch), self._per_second)
        granted: list[float | Exception] = [wait + i / self._per_second for i in range(calls)]
        later = [-(limits.MAX_WAIT_SECONDS + i / self._per_second) for i in range(len(batch) - calls)]
        return granted + later
