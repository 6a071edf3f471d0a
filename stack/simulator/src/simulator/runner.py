"""Moves jobs through their life on the event loop's timers, and makes their results."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import aiohttp
from simulator.files import FileStore
from simulator.inputs import MediaInput, fetch, image_size
from simulator.jobs import FINAL, Job, JobStore, Outcome, State
from simulator.journal import Journal
from simulator.knobs import ControlPanel
from simulator.provider import Provider
from simulator.render.pool import RenderPool
from simulator.render.spec import cached_spec
from simulator.webhooks import CallbackSender

log = logging.getLogger(__name__)

ASSUMED_INPUT_SECONDS = 5.0
"""Length of a reference video that can't be fetched, for the bill."""
MAX_INPUT_SECONDS = 15.0

CONTRADICTING: frozenset[Outcome] = frozenset({"succeed_then_fail", "fail_then_succeed"})
_REASONS: dict[Outcome, str] = {"fail": "fail", "moderated": "moderated", "expire": "expire"}


class InputError(Exception):
    """An input can't be fetched or isn't what it should be (strict mode only)."""


class JobRunner:
    """Accepts jobs and finishes them: queued → running → final, never before the submit is answered."""

    def __init__(
        self,
        *,
        panel: ControlPanel,
        store: JobStore,
        journal: Journal,
        files: FileStore,
        pool: RenderPool,
        callbacks: CallbackSender,
        session: aiohttp.ClientSession,
    ) -> None:
        self._panel, self._store, self._journal, self._files = panel, store, journal, files
        self._pool, self._callbacks, self._session = pool, callbacks, session
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._waiting: dict[int, asyncio.Event] = {}
        self._over: dict[int, asyncio.Event] = {}
        self._cached_lock = asyncio.Lock()
        self.providers: dict[str, Provider] = {}
        self.on_reset: list[Callable[[], None]] = []
        """What else there is to forget."""

    def accept(self, job: Job) -> None:
        """Keep the job and set its clock going; from here on it would be billed."""
        self._store.add(job)
        self._journal.accepted(job)
        self._callbacks.changed(job)
        self._schedule(job, job.queue_seconds)

    async def finished(self, job: Job, seconds: float) -> None:
        """Wait until the job is final, at most so long."""
        if not job.final:
            event = self._waiting.setdefault(id(job), asyncio.Event())
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), seconds)

    async def announced(self, job: Job, seconds: float) -> None:
        """Wait until the job is final and its webhooks are out, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.finished(job, seconds)
                await self._callbacks.sent(job.id)

    def cancel(self, job: Job) -> None:
        """End a job that is queued or running."""
        task = self._tasks.pop(id(job), None)
        if task is not None:
            task.cancel()
        self._finish(job, "cancelled")

    def finish(self, provider: str) -> None:
        """End every wait of a provider's jobs: for their end, or for the word that contradicts it."""
        for job in self._store.log:
            if job.provider != provider:
                continue
            timer = self._timers.pop(id(job), None)
            if not job.final:
                self._over.setdefault(id(job), asyncio.Event()).set()
            if timer is not None:
                timer.cancel()
                (self._contradict if job.final else self._start)(job)

    def delete(self, job: Job) -> None:
        """Take the job's record away from its provider's clients; the log keeps it."""
        job.deleted = True
        self._journal.changed(job)

    def restore(self) -> None:
        """Load what an earlier process wrote down, and go on where it stopped."""
        for job in self._journal.load():
            self._store.add(job)
            self._publish(job)
            if job.state in FINAL:
                self._contradict_later(job)
                continue
            job.state, job.started_at = "queued", None
            self._schedule(job, job.accepted_at + job.queue_seconds - time.time())

    async def prepare(self) -> None:
        """Have the cached results at hand that may be asked for."""
        wanted = {Path(name).suffix for job in self._store.log if job.cached for name in job.files}
        if self._panel.render == "cached":
            wanted |= {".mp4", ".png"}
        await self._have_cached(wanted)

    def reset(self) -> None:
        """Forget every job, wherever it is in its life."""
        self._stop()
        self._store.clear()
        self._journal.clear()
        self._files.clear()
        self._callbacks.clear()
        for forget in self.on_reset:
            forget()

    async def close(self) -> None:
        """Stop all clocks; what isn't final goes on after a restart."""
        tasks = list(self._tasks.values())
        self._stop()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        for event in self._waiting.values():
            event.set()
        self._waiting.clear()
        self._over.clear()

    def _schedule(self, job: Job, delay: float) -> None:
        self._timers[id(job)] = asyncio.get_running_loop().call_later(max(0.0, delay), self._start, job)

    def _start(self, job: Job) -> None:
        self._timers.pop(id(job), None)
        if job.state != "queued":
            return
        job.state, job.started_at = "running", time.time()
        self._callbacks.changed(job)
        task = asyncio.create_task(self._work(job))
        self._tasks[id(job)] = task
        task.add_done_callback(lambda _: self._tasks.pop(id(job), None))

    async def _work(self, job: Job) -> None:
        began = time.monotonic()
        reason = _REASONS[job.outcome] if job.outcome in _REASONS else await self._produce(job)
        await self._run_out(job, began)
        if reason is not None:
            self._fail(job, reason)
        elif job.outcome == "fail_then_succeed":
            self._fail(job, "fail")
        else:
            self._succeed(job)
        job.contradicted = reason is not None
        self._contradict_later(job)

    async def _run_out(self, job: Job, began: float) -> None:
        """Let the job run for as long as it should, for ever if it is so ordered, or until `finish`."""
        seconds = None if job.outcome == "never_final" else began + job.run_seconds - time.monotonic()
        if seconds is None or seconds > 0:
            over = self._over.setdefault(id(job), asyncio.Event())
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), seconds)

    def _fail(self, job: Job, reason: str) -> None:
        job.error = self.providers[job.provider].failure(reason)
        self._finish(job, "expired" if reason == "expire" else "failed")

    def _contradict_later(self, job: Job) -> None:
        if job.outcome in CONTRADICTING and not job.contradicted:
            seconds = self._panel.providers[job.provider].contradict_after_seconds
            loop = asyncio.get_running_loop()
            self._timers[id(job)] = loop.call_later(seconds, self._contradict, job)

    def _contradict(self, job: Job) -> None:
        """Say the opposite of the final word."""
        job.contradicted = True
        if job.state == "succeeded":
            self._fail(job, "fail")
        elif job.state == "failed":
            job.error = None
            self._succeed(job)

    async def _produce(self, job: Job) -> str | None:
        """Make the result; the reason if that doesn't work out."""
        try:
            image = await self._gather_inputs(job)
            await self._make(job, image)
        except InputError:
            return "input"
        except Exception:
            log.exception("job %s could not be rendered", job.id)
            return "render"
        return None

    async def _gather_inputs(self, job: Job) -> bytes | None:
        """Fetch what can be fetched; the image to show, with the video's size settled by it."""
        strict = self._panel.strict_inputs
        if job.inputs and (strict or self._panel.render == "real"):
            await asyncio.gather(*(self._fetch(item, strict=strict) for item in job.inputs))
        image, dimensions = _first_image(job.inputs, strict=strict)
        job.size = self.providers[job.provider].size(job, dimensions)
        heard = [item for item in job.inputs if item.kind in ("video", "audio")]
        await asyncio.gather(*(self._measure(item, strict=strict) for item in heard))
        videos = [item.seconds or ASSUMED_INPUT_SECONDS for item in heard if item.kind == "video"]
        job.input_seconds = min(MAX_INPUT_SECONDS, sum(videos))
        return image

    async def _fetch(self, item: MediaInput, *, strict: bool) -> None:
        if not item.fetchable:
            return
        item.data = await fetch(self._session, item.url)
        if item.data is None and strict:
            raise InputError(item.url)

    async def _measure(self, item: MediaInput, *, strict: bool) -> None:
        item.seconds = await self._pool.probe_seconds(item.data) if item.data else None
        if item.seconds is None and item.data and strict:
            raise InputError(item.url)

    async def _make(self, job: Job, image: bytes | None) -> None:
        results = self.providers[job.provider].results(job, image)
        paths = [self._files.new_path(result.suffix) for result in results]
        if self._panel.render == "cached":
            await self._have_cached({path.suffix for path in paths})
            job.cached = True
        else:
            made = (self._pool.make(each.spec, path) for each, path in zip(results, paths, strict=True))
            await asyncio.gather(*made)
        job.files = [path.name for path in paths]

    async def _have_cached(self, suffixes: set[str]) -> None:
        async with self._cached_lock:
            for suffix in suffixes - set(self._files.cached):
                path = self._files.new_path(suffix)
                await self._pool.make(cached_spec(suffix), path)
                self._files.cached[suffix] = path.read_bytes()
                path.unlink()

    def _succeed(self, job: Job) -> None:
        job.usage = self.providers[job.provider].usage(job)
        job.billed = True
        self._finish(job, "succeeded")

    def _publish(self, job: Job) -> None:
        for name in job.files:
            if job.finished_at:
                self._files.publish(name, job.provider, job.finished_at, cached=job.cached)

    def _finish(self, job: Job, state: State) -> None:
        timer = self._timers.pop(id(job), None)
        if timer is not None:
            timer.cancel()
        job.state, job.finished_at = state, time.time()
        job.inputs = []
        self._publish(job)
        self._journal.changed(job)
        self._callbacks.changed(job)
        self._over.pop(id(job), None)
        event = self._waiting.pop(id(job), None)
        if event is not None:
            event.set()


def _first_image(inputs: list[MediaInput], *, strict: bool) -> tuple[bytes | None, tuple[int, int] | None]:
    for item in inputs:
        if item.kind != "image" or item.data is None:
            continue
        try:
            return item.data, image_size(item.data)
        except ValueError:
            if strict:
                raise InputError(item.url) from None
    return None, None
