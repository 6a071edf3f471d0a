"""A few long-lived child processes that render: started at first use, replaced when one dies."""

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, TypeVar

from simulator.render.spec import Spec

T = TypeVar("T")


class RenderPool:
    """Sends work to the children and waits for it without holding up the event loop."""

    def __init__(self, processes: int, font_path: str | None) -> None:
        self._processes, self._font_path = processes, font_path
        self._executor: ProcessPoolExecutor | None = None

    async def make(self, spec: Spec, path: Path) -> None:
        """Write the file that the spec describes. Raises what the encoder raises."""
        await self._run(_make, spec, str(path), self._font_path)

    async def probe_seconds(self, data: bytes) -> float | None:
        """How long a video or sound lasts; None if it is neither."""
        return await self._run(_probe_seconds, data)

    async def _run(self, work: Callable[..., T], *args: Any) -> T:
        """Once more on fresh children if one was killed: rendering has no effect but its file."""
        try:
            return await self._submit(work, *args)
        except BrokenProcessPool:
            self._executor = None
            return await self._submit(work, *args)

    async def _submit(self, work: Callable[..., T], *args: Any) -> T:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self._processes, mp_context=multiprocessing.get_context("spawn"), initializer=_start_child
            )
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *args)

    async def close(self) -> None:
        """Drop what waits, and wait for the work in the children's hands: it writes into our directory."""
        if self._executor is not None:
            await asyncio.to_thread(self._executor.shutdown, wait=True, cancel_futures=True)


def _start_child() -> None:
    """Ctrl-C is the parent's to handle; rendering gives way to whatever else the machine does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed parent closes nothing that the children wait on: they would live on for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


# The encoder is imported by the children only: the server itself needs no codec in its memory.
def _make(spec: Spec, path: str, font_path: str | None) -> None:
    from simulator.render.make import make  # noqa: PLC0415

    make(spec, path, font_path)


def _probe_seconds(data: bytes) -> float | None:
    from simulator.render.make import probe_seconds  # noqa: PLC0415

    return probe_seconds(data)
