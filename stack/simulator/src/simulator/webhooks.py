"""Ark's callbacks: the task object, posted at each change, in order, unsigned (providers.md 4.4)."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

import aiohttp
from simulator.jobs import Job, State
from simulator.knobs import ControlPanel

log = logging.getLogger(__name__)

FINAL_RETRIES = 3
MAX_AT_ONCE = 64
_ANNOUNCED: frozenset[State] = frozenset({"queued", "running", "succeeded", "failed", "expired"})
_RETRIED: frozenset[State] = frozenset({"succeeded", "failed", "expired"})

Message = tuple[str, bytes, int, float]  # address, body, retries, due time (monotonic)


class CallbackSender:
    """One queue per job keeps its callbacks in order; jobs don't wait for each other."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        panel: ControlPanel,
        *,
        timeout_seconds: float,
        retry_seconds: float,
    ) -> None:
        self._session, self._panel = session, panel
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._retry_seconds = retry_seconds
        self._slots = asyncio.Semaphore(MAX_AT_ONCE)
        self._queues: dict[str, deque[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.render: dict[str, Callable[[Job], bytes]] = {}
        """Per provider: the body for a job as it stands."""

    def changed(self, job: Job) -> None:
        """Tell the job's callback address, if it has one, where the job stands now."""
        knobs = self._panel.providers[job.provider]
        if job.callback_url is None or job.state not in _ANNOUNCED or knobs.webhooks == "off":
            return
        due = time.monotonic() + (knobs.webhook_delay_seconds if knobs.webhooks == "delay" else 0.0)
        retries = FINAL_RETRIES if job.state in _RETRIED else 0
        message = (job.callback_url, self.render[job.provider](job), retries, due)
        self._put(job.id, [message] * (2 if knobs.webhooks == "double" else 1))

    def clear(self) -> None:
        """Drop what hasn't been sent."""
        for task in self._tasks:
            task.cancel()
        self._queues.clear()

    async def close(self) -> None:
        """Drop what hasn't been sent and wait for what is on the wire to stop."""
        tasks = list(self._tasks)
        self.clear()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _put(self, job_id: str, messages: list[Message]) -> None:
        waiting = self._queues.get(job_id)
        if waiting is not None:
            waiting.extend(messages)
            return
        self._queues[job_id] = deque(messages)
        task = asyncio.create_task(self._drain(job_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, job_id: str) -> None:
        waiting = self._queues[job_id]
        while waiting:
            await self._deliver(*waiting.popleft())
        if self._queues.get(job_id) is waiting:
            del self._queues[job_id]

    async def _deliver(self, url: str, body: bytes, retries: int, due: float) -> None:
        wait = due - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        for attempt in range(retries + 1):
            if await self._post(url, body):
                return
            if attempt < retries:
                await asyncio.sleep(self._retry_seconds * 2**attempt)
        log.info("callback to %s given up", url)

    async def _post(self, url: str, body: bytes) -> bool:
        """True if the receiver answered 2xx in time."""
        headers = {"content-type": "application/json"}
        try:
            async with (
                self._slots,
                self._session.post(
                    url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
                ) as answer,
            ):
                return answer.status < 300
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False
