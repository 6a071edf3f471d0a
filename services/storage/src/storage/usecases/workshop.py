"""What copies are made with, opened once per process: connections, object store, probe pool, spool."""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from runtime.egress.download import DownloadLimits
from runtime.egress.policy import EgressPolicy

from storage.outbound.clients import open_clients
from storage.outbound.objects import StoreConfig, open_store
from storage.outbound.spool import sweep_spools
from storage.probe.pool import ProbeLimits, open_pool
from storage.usecases.copy_result import CopyTools

STALE_SPOOL_SECONDS = 3600.0
"""Longer than any copy writes nothing to its files: what is older was left by a killed process."""


@dataclass(frozen=True, slots=True)
class WorkshopConfig:
    """Where things are and how much of them may be used."""

    store: StoreConfig
    probes: ProbeLimits
    downloads: DownloadLimits
    spool_directory: Path
    allowed_hosts: Iterable[str]


class Workshop:
    """A part of the worker. `tools` is there once it has started."""

    name = "workshop"

    def __init__(self, config: WorkshopConfig) -> None:
        self._config = config
        self._policy = EgressPolicy.allowing(config.allowed_hosts)
        self._open: AsyncExitStack | None = None
        self._tools: CopyTools | None = None

    async def start(self) -> None:
        """Open everything and see that the bucket answers. Raises ObjectStoreError or OSError."""
        config = self._config
        config.spool_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep_spools(config.spool_directory, STALE_SPOOL_SECONDS)
        self._open = AsyncExitStack()
        store = await self._open.enter_async_context(open_store(config.store))
        pool = await self._open.enter_async_context(open_pool(config.probes))
        clients = await self._open.enter_async_context(open_clients(self._policy))
        await store.ready()
        self._tools = CopyTools(clients, store, pool, config.spool_directory, config.downloads)

    async def stop(self) -> None:
        """Close everything."""
        self._tools = None
        if self._open is not None:
            await self._open.aclose()
            self._open = None

    def unready(self) -> str | None:
        """A store that is away makes copies wait, not the process unready."""
        return None if self._tools is not None else "workshop: not open"

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    @property
    def tools(self) -> CopyTools:
        """The tools, while open."""
        if self._tools is None:
            raise RuntimeError("the workshop is not open")
        return self._tools
