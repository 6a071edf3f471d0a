"""A process: parts started in order, an HTTP server, SIGTERM that drains and loses nothing."""

import asyncio
import contextlib
import ctypes
import gc
import signal
import time
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

import structlog
import uvicorn
import uvloop
from starlette.applications import Starlette

from runtime import metrics
from runtime.backoff import Backoff
from runtime.health import Drains, Health, Part
from runtime.one_write import OneWriteProtocol

log = structlog.get_logger()

_LEAST_STOP_SECONDS = 3.0
_M_MMAP_THRESHOLD = -3  # glibc's malloc.h
_OWN_PAGES_BYTES = 1_048_576
"""Larger blocks go back to the system when they are freed; glibc would raise the bound to their size."""
_CLOSE = (b"connection", b"close")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the process decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def give_notice(self, serving: asyncio.Task[None], seconds: float) -> None:
        """Serve on for a time and ask every client, with its answer, to connect anew, which is elsewhere."""
        self.config.encoded_headers.append(_CLOSE)  # what answers begin with, made anew each second
        self.server_state.default_headers.append(_CLOSE)
        await asyncio.wait([serving], timeout=seconds)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run to the end on uvloop."""
    uvloop.run(main)


async def serve(
    parts: Sequence[Part],
    *,
    service: str,
    host: str,
    port: int,
    app: Starlette | None = None,
    drain_seconds: float = 25.0,
    notice_seconds: float = 0.0,
) -> None:
    """Start the parts in order, serve until SIGTERM or SIGINT, then stop them in reverse.

    `app` gets the health routes added; without one they are served alone. Told to stop, it is unready at
    once, answers with `Connection: close`, and goes on serving for `notice_seconds`, until whoever sends
    requests has seen it. Then new requests end, then the parts drain, so what was accepted is written down
    and said.
    """
    health = Health(parts)
    metrics.READY.labels(service).set_function(lambda: not health.problems())
    app = app or Starlette()
    app.router.routes[:0] = health.routes()
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            loop="none",
            http=OneWriteProtocol,
            lifespan="off",
            timeout_graceful_shutdown=int(drain_seconds),
            timeout_keep_alive=75,
        )
    )
    stop = _stop_event()
    started: list[Part] = []
    serving = asyncio.create_task(server.serve())
    try:
        for part in parts:
            if stop.is_set() or not await _start(part, stop):
                break
            started.append(part)
        _quieten_collector()
        health.started = True
        log.info("started", service=service, port=port, parts=[part.name for part in started])
        await asyncio.wait([serving, asyncio.ensure_future(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    finally:
        health.draining = True
        log.info("draining", service=service)
        if health.started:
            await server.give_notice(serving, notice_seconds)
        end = time.monotonic() + drain_seconds
        for part in started:
            if isinstance(part, Drains):
                part.drain()
        server.should_exit = True
        with contextlib.suppress(Exception):
            await asyncio.wait_for(serving, drain_seconds)
        await _stop(started, end)
        log.info("stopped", service=service)


async def _start(part: Part, stop: asyncio.Event) -> bool:
    """Start a part, waiting for the servers it needs: a broker that is late is no reason to die.

    Whether it has started; it has not when the process is told to stop before.
    """
    backoff = Backoff(0.2, 5.0)
    while True:
        error = await _started(part, stop)
        if error is None:
            return True
        log.warning("part_not_started", part=part.name, error=f"{type(error).__name__}: {error}"[:300])
        with contextlib.suppress(Exception):
            await asyncio.wait_for(part.stop(), _LEAST_STOP_SECONDS)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), backoff.next())
        if stop.is_set():
            return False


async def _started(part: Part, stop: asyncio.Event) -> BaseException | None:
    """What came of one try to start a part, which ends when the process is told to stop."""
    starting, stopping = asyncio.create_task(part.start()), asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not starting.done():
        starting.cancel()
    (result,) = await asyncio.gather(starting, return_exceptions=True)
    return result


async def _stop(parts: list[Part], end: float) -> None:
    """Stop the parts in reverse until the time is over, the last ones in a hurry."""
    for part in reversed(parts):
        try:
            await asyncio.wait_for(part.stop(), max(end - time.monotonic(), _LEAST_STOP_SECONDS))
        except Exception as error:
            log.warning("part_not_stopped", part=part.name, error=repr(error))


def _quieten_collector() -> None:
    """What is alive now lives to the end: look for garbage among what comes after, and less often.

    Measured in the gateway under load: a tenth of its time went into walking modules and schemas.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    with contextlib.suppress(OSError, AttributeError):  # not glibc
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES_BYTES)
        libc.malloc_trim(0)  # what starting has freed goes back to the system


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
