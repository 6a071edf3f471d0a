"""Look into a file that lies in our bucket: what it is, or its last frame as a picture."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from runtime.objects.errors import ObjectStoreError

from storage.domain.media import Probe
from storage.outbound.spool import open_spool, temporary_path
from storage.probe.pool import ProbeError
from storage.usecases.copy_result import CopyTools
from storage.usecases.workshop import Workshop

PREFIXES = ("results/", "uploads/")
MOST_WAITING = 32
"""Who comes when so many wait for their turn is told to try again."""
_MISSING = frozenset({"NoSuchKey", "404"})


class LookError(Exception):
    """The file can't be looked into: `object_not_found` and `unreadable` are final, `try_again` isn't."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LookInto:
    """At most `at_once` files at a time, so that copies keep the spool and the probes' turns."""

    def __init__(self, workshop: Workshop, at_once: int) -> None:
        self._workshop, self._turns = workshop, asyncio.Semaphore(at_once)
        self._waiting = 0

    async def probe(self, key: str) -> Probe:
        """What the object is. Raises LookError."""
        async with self._fetched(key) as (tools, path):
            return await tools.pool.probe(path)

    async def last_frame(self, key: str) -> bytes:
        """The last frame of the object's video as PNG. Raises LookError."""
        async with self._fetched(key) as (tools, path):
            await tools.pool.probe(path)  # says what is the file's own fault
            with temporary_path(tools.spool_directory) as made:
                await tools.pool.derive("last_frame", path, made)
                return await asyncio.to_thread(made.read_bytes)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= MOST_WAITING:
            raise LookError("try_again", "Too many files wait to be looked into.")
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    @asynccontextmanager
    async def _fetched(self, key: str) -> AsyncIterator[tuple[CopyTools, Path]]:
        if not key.startswith(PREFIXES):
            raise LookError("object_not_found", "There is no such object.")
        tools = self._workshop.tools
        try:
            async with self._turn():
                with open_spool(tools.spool_directory) as spool:
                    async with tools.store.read(key) as found:
                        async for chunk in found.chunks:
                            await spool.append(chunk)
                    yield tools, spool.path
        except ObjectStoreError as error:
            if error.code in _MISSING:
                raise LookError("object_not_found", "There is no such object.") from error
            raise LookError("try_again", "The object store doesn't answer.") from error
        except ProbeError as error:
            raise LookError("unreadable" if error.permanent else "try_again", str(error)) from error
        except OSError as error:
            raise LookError("try_again", "There is no room for the file.") from error
