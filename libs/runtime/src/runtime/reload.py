"""Files that are read again while the process runs: when they change, and on SIGHUP.

A file that can't be read changes nothing: what was read last stays, the log and `/readyz` say what is wrong.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger()

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Something made of files: `load` reads them and puts the new value in place, or raises."""

    name: str
    files: Callable[[], Sequence[Path]]
    load: Callable[[], Awaitable[None]]


class Reloader:
    """A part of a process. The first reading is the caller's: a process doesn't start with a bad file."""

    name = "reload"

    def __init__(self, sources: Sequence[Source], every_seconds: float = 5.0) -> None:
        self._sources, self._every = sources, every_seconds
        self._stamps = {source.name: _stamp(source) for source in sources}
        self._faults: dict[str, str] = {}
        self._look = asyncio.Event()
        self._all = self._stopping = False
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch."""
        with contextlib.suppress(ValueError, RuntimeError):  # not in the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.now)
        self._loop = asyncio.create_task(self._watch(), name=self.name)

    async def stop(self) -> None:
        """Watch no more."""
        self._stopping = True
        self._look.set()
        if self._loop is not None:
            await self._loop
        with contextlib.suppress(ValueError, RuntimeError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)

    def now(self) -> None:
        """Read everything again, changed or not."""
        self._all = True
        self._look.set()

    def unready(self) -> str | None:
        """What was read last still serves."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None

    def warning(self) -> str | None:
        """The files that can't be read, and why."""
        return "; ".join(f"{name}: {fault}" for name, fault in self._faults.items()) or None

    async def _watch(self) -> None:
        while not self._stopping:
            everything, self._all = self._all, False
            for source in self._sources:
                stamp = await asyncio.to_thread(_stamp, source)
                if everything or stamp != self._stamps[source.name]:
                    self._stamps[source.name] = stamp
                    await self._load(source)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), self._every)
            self._look.clear()

    async def _load(self, source: Source) -> None:
        try:
            await source.load()
        except Exception as error:
            self._faults[source.name] = f"{type(error).__name__}: {error}"[:500]
            log.error("reload_failed", what=source.name, error=self._faults[source.name])
        else:
            self._faults.pop(source.name, None)
            log.info("reloaded", what=source.name)


def _stamp(source: Source) -> Stamp:
    """Which files there are and how they stand."""
    found = []
    for path in source.files():
        try:
            status = path.stat()
            found.append((str(path), status.st_mtime_ns, status.st_size))
        except OSError:
            found.append((str(path), 0, -1))
    return tuple(found)
