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

from simulator.render.spec import RenderSpec

T = TypeVar("T")


class RenderPool:
    """Sends work to the children and waits for it without holding up the event loop."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._executor: ProcessPoolExecutor | None = None

    async def render(self, spec: RenderSpec, video: Path, last_frame: Path | None) -> None:
        """Write the video and perhaps its last frame. Raises what the encoder raises."""
        await self._run(_render, spec, str(video), str(last_frame) if last_frame else None)

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
def _render(spec: RenderSpec, video: str, last_frame: str | None) -> None:
    from simulator.render.encode import render  # noqa: PLC0415

    render(spec, video, last_frame)


def _probe_seconds(data: bytes) -> float | None:
    from simulator.render.encode import probe_seconds  # noqa: PLC0415

    return probe_seconds(data)
