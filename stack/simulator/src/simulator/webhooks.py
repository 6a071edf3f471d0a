"""Webhooks: each job's in order, retried, signed anew at each try by those who sign."""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import aiohttp
from simulator.jobs import Job
from simulator.knobs import ControlPanel, Knobs

log = logging.getLogger(__name__)

FINAL_RETRIES = 3
MAX_AT_ONCE = 64
SECRET_CHARACTERS = 40
"""A value in an address that is so long is what proves it."""


def no_headers(now: float) -> dict[str, str]:
    """Unsigned."""
    del now
    return {}


@dataclass(frozen=True, slots=True)
class Notice:
    """One webhook to deliver."""

    url: str
    body: bytes
    retries: int = FINAL_RETRIES
    """Tries after the first one."""
    headers: Callable[[float], dict[str, str]] = no_headers
    """Its headers for a try at this unix time: ids and signatures."""
    retry_seconds: float | None = None
    """Always so long between tries; None: as the settings say, doubling."""
    taken_by: Container[int] = range(200, 300)
    """The statuses that end the tries."""


Message = tuple[Notice, float]
"""A notice and the moment from which it may be sent."""

Announce = Callable[[Job], list[Notice]]
"""What a provider sends now that the job has changed; often nothing."""


@runtime_checkable
class Announcing(Protocol):
    """A provider that calls back."""

    name: str

    def announce(self, job: Job) -> list[Notice]:
        """What it sends now that the job has changed; often nothing."""
        ...


def _messages(notice: Notice, knobs: Knobs) -> list[Message]:
    """What is sent of a notice, as the dials and the ordered faults have it."""
    if knobs.take("webhook_lost"):
        return []
    late = knobs.webhooks == "delay" or knobs.take("webhook_late")
    if knobs.webhooks == "forged" or knobs.take("webhook_forged"):
        notice = _forged(notice)
    twice = knobs.webhooks == "double" or knobs.take("webhook_doubled")
    due = time.monotonic() + (knobs.webhook_delay_seconds if late else 0.0)
    return [(notice, due)] * (2 if twice else 1)


def _forged(notice: Notice) -> Notice:
    """What one sends who has neither the key nor the secret words in the address."""
    if notice.headers is not no_headers:
        return replace(notice, body=notice.body + b" ")
    address = urlsplit(notice.url)
    guessed = [
        (name, value[::-1] if len(value) >= SECRET_CHARACTERS else value)
        for name, value in parse_qsl(address.query)
    ]
    return replace(notice, url=urlunsplit(address._replace(query=urlencode(guessed))))


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
        self._held: dict[str, list[Message]] = {}
        """By job, what is to come after the webhook of its end."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.announce: dict[str, Announce] = {}
        """By provider, of those who send any."""

    def changed(self, job: Job) -> None:
        """Send what the job's provider has to say about where the job stands now."""
        knobs = self._panel.providers[job.provider]
        if job.provider not in self.announce or knobs.webhooks == "off":
            return
        notices = self.announce[job.provider](job)
        if notices and knobs.take("webhook_stray"):
            notices += self.announce[job.provider](replace(job, id=f"{job.id[:-8]}{secrets.token_hex(4)}"))
        messages = [each for notice in notices for each in _messages(notice, knobs)]
        if job.final:
            messages += self._held.pop(job.id, [])
        elif messages and knobs.take("webhook_reordered"):
            self._held.setdefault(job.id, [])[:0] = messages
            return
        if messages:
            self._put(job.id, messages)

    async def sent(self, job_id: str) -> None:
        """Wait until what a job has to say so far is out, or given up."""
        sending = [task for task in self._tasks if task.get_name() == job_id]
        if sending:
            await asyncio.wait(sending)

    def clear(self) -> None:
        """Drop what hasn't been sent."""
        for task in self._tasks:
            task.cancel()
        self._queues.clear()
        self._held.clear()

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
        task = asyncio.create_task(self._drain(job_id), name=job_id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, job_id: str) -> None:
        waiting = self._queues[job_id]
        while waiting:
            await self._deliver(*waiting.popleft())
        if self._queues.get(job_id) is waiting:
            del self._queues[job_id]

    async def _deliver(self, notice: Notice, due: float) -> None:
        wait = due - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        for attempt in range(notice.retries + 1):
            if await self.send(notice) in notice.taken_by:
                return
            if attempt < notice.retries:
                await asyncio.sleep(notice.retry_seconds or self._retry_seconds * 2**attempt)
        log.info("webhook to %s given up", notice.url)

    async def send(self, notice: Notice) -> int:
        """Deliver one webhook once, whatever the dials say; the status it was answered with, 0 for none."""
        headers = {"content-type": "application/json", **notice.headers(time.time())}
        try:
            async with (
                self._slots,
                self._session.post(
                    notice.url,
                    data=notice.body,
                    headers=headers,
                    timeout=self._timeout,
                    allow_redirects=False,
                ) as answer,
            ):
                return answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0
