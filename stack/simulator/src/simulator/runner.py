"""Moves jobs through their life on the event loop's timers, and makes their results."""

import asyncio
import logging
import time

import aiohttp
from simulator.files import FileStore
from simulator.inputs import MediaInput, fetch, image_size
from simulator.jobs import FINAL, Job, JobStore, State
from simulator.journal import Journal
from simulator.knobs import ControlPanel
from simulator.provider import Provider
from simulator.render.pool import RenderPool
from simulator.render.spec import FRAME_RATE, RenderSpec
from simulator.webhooks import CallbackSender

log = logging.getLogger(__name__)

ASSUMED_INPUT_SECONDS = 5.0
"""Length of a reference video that can't be fetched, for the bill."""
MAX_INPUT_SECONDS = 15.0
_CACHED_SPEC = RenderSpec(320, 180, FRAME_RATE, "cached", "cached", audio=True)


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
        font_path: str | None,
    ) -> None:
        self._panel, self._store, self._journal, self._files = panel, store, journal, files
        self._pool, self._callbacks, self._session, self._font_path = pool, callbacks, session, font_path
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._cached_lock = asyncio.Lock()
        self.providers: dict[str, Provider] = {}

    def accept(self, job: Job) -> None:
        """Keep the job and set its clock going; from here on it would be billed."""
        self._store.add(job)
        self._journal.accepted(job)
        self._callbacks.changed(job)
        self._schedule(job, job.queue_seconds)

    def cancel(self, job: Job) -> None:
        """End a job that is still queued."""
        self._finish(job, "cancelled")

    def delete(self, job: Job) -> None:
        """Take the job's record away from its provider's clients; the log keeps it."""
        job.deleted = True
        self._journal.changed(job)

    def restore(self) -> None:
        """Load what an earlier process wrote down, and go on where it stopped."""
        for job in self._journal.load():
            self._store.add(job)
            self._publish(job)
            if job.state not in FINAL:
                job.state, job.started_at = "queued", None
                self._schedule(job, job.accepted_at + job.queue_seconds - time.time())

    async def prepare(self) -> None:
        """Have the cached video at hand if it may be asked for."""
        if self._panel.render == "cached" or any(job.cached for job in self._store.log):
            await self._cached_video()

    def reset(self) -> None:
        """Forget every job, wherever it is in its life."""
        self._stop()
        self._store.clear()
        self._journal.clear()
        self._files.clear()
        self._callbacks.clear()

    async def close(self) -> None:
        """Stop all clocks; what isn't final goes on after a restart."""
        tasks = list(self._tasks)
        self._stop()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for task in self._tasks:
            task.cancel()

    def _schedule(self, job: Job, delay: float) -> None:
        self._timers[id(job)] = asyncio.get_running_loop().call_later(max(0.0, delay), self._start, job)

    def _start(self, job: Job) -> None:
        self._timers.pop(id(job), None)
        if job.state != "queued":
            return
        job.state, job.started_at = "running", time.time()
        self._callbacks.changed(job)
        task = asyncio.create_task(self._work(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, job: Job) -> None:
        began = time.monotonic()
        reason = {"succeed": None, "expire": "expire"}.get(job.outcome, job.outcome)
        if reason is None:
            reason = await self._produce(job)
        remaining = began + job.run_seconds - time.monotonic()
        if remaining > 0:
            await asyncio.sleep(remaining)
        if reason is None:
            self._succeed(job)
            return
        job.error = self.providers[job.provider].failure(reason)
        self._finish(job, "expired" if reason == "expire" else "failed")

    async def _produce(self, job: Job) -> str | None:
        """Make the result; the reason if that doesn't work out."""
        try:
            image = await self._gather_inputs(job)
            if self._panel.render == "cached":
                await self._use_cached(job)
            else:
                await self._render(job, image)
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
        videos = [item for item in job.inputs if item.kind == "video"]
        if videos:
            seconds = await asyncio.gather(*(self._video_seconds(item, strict=strict) for item in videos))
            job.input_seconds = min(MAX_INPUT_SECONDS, sum(seconds))
        return image

    async def _fetch(self, item: MediaInput, *, strict: bool) -> None:
        if not item.fetchable or (item.kind == "audio" and not strict):
            return
        item.data = await fetch(self._session, item.url)
        if item.data is None and strict:
            raise InputError(item.url)

    async def _video_seconds(self, item: MediaInput, *, strict: bool) -> float:
        seconds = await self._pool.probe_seconds(item.data) if item.data else None
        if seconds is None and item.data and strict:
            raise InputError(item.url)
        return ASSUMED_INPUT_SECONDS if seconds is None else seconds

    async def _render(self, job: Job, image: bytes | None) -> None:
        width, height = job.size or (0, 0)
        params = job.params
        spec = RenderSpec(
            width, height, _frames(job), job.prompt, job.look, image,
            audio=params["audio"], watermark=params.get("watermark", False),
            still_camera=params.get("camera_fixed", False), font_path=self._font_path,
        )  # fmt: skip
        video = self._files.new_path("." + params.get("output_format", "mp4"))
        last_frame = self._files.new_path(".png") if params.get("return_last_frame") else None
        await self._pool.render(spec, video, last_frame)
        job.video, job.last_frame = video.name, last_frame.name if last_frame else None

    async def _use_cached(self, job: Job) -> None:
        await self._cached_video()
        job.video, job.cached = self._files.new_path(".mp4").name, True
        if job.params.get("return_last_frame"):
            job.last_frame = self._files.new_path(".png").name

    async def _cached_video(self) -> None:
        if self._files.cached:
            return
        async with self._cached_lock:
            if self._files.cached:
                return
            paths = [self._files.new_path(suffix) for suffix in (".mp4", ".png")]
            await self._pool.render(_CACHED_SPEC, *paths)
            for path in paths:
                self._files.cached[path.suffix] = path.read_bytes()
                path.unlink()

    def _succeed(self, job: Job) -> None:
        job.usage = self.providers[job.provider].usage(job)
        self._finish(job, "succeeded")

    def _publish(self, job: Job) -> None:
        for name in (job.video, job.last_frame):
            if name and job.finished_at:
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


def _frames(job: Job) -> int:
    frames = job.params.get("frames")
    return int(frames) if frames else int(job.params["duration"]) * FRAME_RATE


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
