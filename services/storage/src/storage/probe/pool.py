"""A pool of long-lived child processes that probe files: a bad file costs its child, never the service."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from storage.domain.media import Probe
from storage.domain.plan import Derivation

_MODULE: Final = "storage.probe.worker"


class ProbeError(Exception):
    """A file could not be probed.

    ``unreadable`` is the file's fault; ``probe_timeout``, ``probe_crashed``, ``probe_out_of_memory`` and
    ``derive_failed`` may be the file's or the machine's.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def permanent(self) -> bool:
        """True when the file itself was judged."""
        return self.code == "unreadable"


@dataclass(frozen=True, slots=True)
class ProbeLimits:
    """Bounds of the pool (processes, jobs and idle seconds until one is replaced) and of a job."""

    workers: int = 2
    jobs_per_worker: int = 5000
    idle_seconds: float = 300.0
    probe_seconds: float = 30.0
    derive_seconds: float = 300.0
    memory_bytes: int = 2 * 1024**3
    file_bytes: int = 2 * 1024**3
    max_pixels: int = 40_000_000


@dataclass(slots=True, eq=False)
class _Worker:
    process: asyncio.subprocess.Process
    jobs: int = field(default=0)

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    async def ask(self, job: dict[str, Any], content: bytes) -> dict[str, Any] | None:
        """Send a job, with the file's content unless that lies on disk, and wait for its answer.

        None when the process ended instead.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.jobs += 1
        with contextlib.suppress(ConnectionError):
            self.process.stdin.write(json.dumps(job).encode() + b"\n" + content)
            await self.process.stdin.drain()
            line = await self.process.stdout.readline()
            if line:
                answer: dict[str, Any] = json.loads(line)
                return answer
        await self.process.wait()
        return None

    async def end(self) -> None:
        """Kill the process if it still runs and reap it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


class ProbePool:
    """Gives each job to a child, starting children when needed and replacing them when used up or dead."""

    def __init__(self, limits: ProbeLimits | None = None) -> None:
        self._limits = limits or ProbeLimits()
        self._free = asyncio.Semaphore(self._limits.workers)
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()

    @property
    def processes(self) -> list[int]:
        """Process ids of the children that run now, busy or idle."""
        return sorted(worker.process.pid for worker in self._all if worker.alive)

    async def probe(self, file: Path | bytes) -> Probe:
        """Say what a file, or its content, is by decoding it; ProbeError when it can't be said."""
        job: dict[str, Any] = {"what": "probe"}
        if isinstance(file, bytes):
            answer = await self._run(job | {"bytes": len(file)}, self._limits.probe_seconds, file)
        else:
            answer = await self._run(job | {"source": str(file)}, self._limits.probe_seconds)
        return Probe(**answer["probe"])

    async def derive(self, what: Derivation, source: Path, target: Path) -> None:
        """Make ``target`` (GIF, PNG or MP4) out of a video; ProbeError when it can't be made."""
        job = {"what": what, "source": str(source), "target": str(target)}
        await self._run(job, self._limits.derive_seconds)

    async def close(self) -> None:
        """End all children; a job that still runs fails."""
        self._idle.clear()
        await asyncio.gather(*(self._end(worker) for worker in list(self._all)))

    async def _run(self, job: dict[str, Any], seconds: float, content: bytes = b"") -> dict[str, Any]:
        job |= {"seconds": seconds}
        async with self._free:
            answer = await self._ask(job, seconds, content)
        if "error" in answer:
            raise ProbeError(answer["error"], answer["message"])
        return answer

    async def _ask(self, job: dict[str, Any], seconds: float, content: bytes) -> dict[str, Any]:
        async with self._worker() as worker:
            answer = await self._timed(worker, job, seconds, content)
        if answer is None and worker.process.returncode == 0:
            # It went idle the moment the job was sent, and never began it.
            async with self._worker() as worker:
                answer = await self._timed(worker, job, seconds, content)
        if answer is None:
            raise ProbeError("probe_crashed", f"the probe ended with code {worker.process.returncode}")
        return answer

    async def _timed(
        self, worker: _Worker, job: dict[str, Any], seconds: float, content: bytes
    ) -> dict[str, Any] | None:
        try:
            async with asyncio.timeout(seconds):
                return await worker.ask(job, content)
        except TimeoutError as error:
            raise ProbeError("probe_timeout", f"the probe took more than {seconds:g} s") from error

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[_Worker]:
        """Lend a child. After an exception or cancellation it is ended: its answer would be another job's."""
        worker = await self._take()
        try:
            yield worker
        except BaseException:
            await asyncio.shield(self._end(worker))
            raise
        if worker.alive and worker.jobs < self._limits.jobs_per_worker:
            self._idle.append(worker)
        else:
            await self._end(worker)

    async def _take(self) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            await self._end(worker)
        worker = _Worker(await self._start())
        self._all.add(worker)
        return worker

    async def _end(self, worker: _Worker) -> None:
        self._all.discard(worker)
        await worker.end()

    async def _start(self) -> asyncio.subprocess.Process:
        limits = {
            "idle_seconds": self._limits.idle_seconds,
            "memory_bytes": self._limits.memory_bytes,
            "file_bytes": self._limits.file_bytes,
            "max_pixels": self._limits.max_pixels,
        }
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-m",
            _MODULE,
            json.dumps(limits),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={"MALLOC_ARENA_MAX": "2"},
            start_new_session=True,
        )


@asynccontextmanager
async def open_pool(limits: ProbeLimits | None = None) -> AsyncIterator[ProbePool]:
    """Open a pool; no child runs until the first job."""
    pool = ProbePool(limits)
    try:
        yield pool
    finally:
        await pool.close()
