"""Put new providers or models in place of those that were known; steps in hand end as they began."""

import asyncio
from collections.abc import Callable, Mapping

from catalog.catalog import Catalog
from runtime.db import Database
from runtime.work.worker import Worker

from dispatcher.db import limits
from dispatcher.domain.job import Timing
from dispatcher.domain.providers import Provider, lease_seconds
from dispatcher.outbound.set_aside import SetAside
from dispatcher.usecases.known import Known


class Reload:
    """Reads and replaces. What raises leaves everything as it was."""

    def __init__(self, db: Database, known: Known, aside: SetAside, worker: Worker, timing: Timing) -> None:
        self._db, self._known, self._aside, self._worker, self._timing = db, known, aside, worker, timing

    async def providers(self, read: Callable[[], Mapping[str, Provider]]) -> None:
        """New keys, limits, addresses. A key that was replaced has a clean slate."""
        fresh = await asyncio.to_thread(read)
        await limits.seed(self._db, fresh.values())
        before, self._known.providers = self._known.providers, fresh
        for provider in fresh.values():
            old = before.get(provider.name)
            for credential in provider.credentials:
                if old is None or old.credential(credential.id) != credential:
                    self._aside.forget(provider.name, credential.id)
        self._lease()

    async def catalog(self, read: Callable[[], Catalog]) -> None:
        """New models and routes."""
        self._known.catalog = await asyncio.to_thread(read)
        self._lease()

    def _lease(self) -> None:
        models = self._known.catalog.models.values()
        self._worker.lease_seconds = lease_seconds(models, self._known.providers, self._timing)
