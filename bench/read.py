"""`read`: tasks read per second beside a plain FastAPI route, and a thousand open event streams."""

import asyncio
import itertools
import os
import random
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from contracts.events import TaskProgress
from contracts.ids import task_text

from bench import bus, http_load
from bench.figures import Report
from bench.rounds import middle, percentile, pick
from bench.seeding import LIVE_SEQ, Past, seed
from bench.stage import ROOT, Stage, used
from bench.streams import Streams

PAST = Past(accounts=20, each=550, open=50)
CONNECTIONS = 32
ROUNDS = pick(5, 2)
SECONDS = pick(6, 2)
STREAMS = 1000
EVENTS = pick(4, 2)
"""Of each stream."""
EVENTS_PER_SECOND = 100
OTHERS = ("ledger", "callbacks", "storage", "simulator")

Requests = Callable[[], bytes]


def run() -> Report:
    """The gateway with its servers, and the dispatcher, which it asks about live tasks."""
    with Stage.open({"SIM_RENDER": "cached"}) as stage:
        stage.stop(*OTHERS)
        return asyncio.run(_measure(stage))


async def _measure(stage: Stage) -> Report:
    report = Report("read")
    await seed(stage, "gateway", PAST)
    keys = stage.keys([PAST.account(n) for n in range(PAST.accounts)])
    finished, live = _finished(stage, keys), _live(stage, keys)
    async with plain(stage) as url:
        await _rounds(report, stage, finished, url)
    told = await rate(stage, live)
    report.figures["live tasks per second"] = told.rate(200)
    await _streams(report, stage, keys)
    return report


async def _rounds(report: Report, stage: Stage, finished: Requests, url: str) -> None:
    plainly = plain_requests(url, PAST)
    await rate(stage, finished, seconds=1)
    ours, theirs, cpu = [], [], {}
    for _ in range(ROUNDS):
        theirs.append((await load(url, plainly, SECONDS)).rate(200))
        before = stage.cpu()
        seen = await rate(stage, finished)
        cpu = used(before, stage.cpu(), seen.statuses[200])
        ours.append(seen.rate(200))
    report.figures |= {
        "reads per second": middle(ours),
        "plain reads per second": middle(theirs),
        "rounds": [round(each) for each in ours],
        "plain rounds": [round(each) for each in theirs],
        "cpu ms per read": cpu,
    }
    report.ratios["reads / plain"] = middle(ours) / middle(theirs)
    report.at_least("reads / plain", middle(ours) / middle(theirs), 0.7)


async def rate(stage: Stage, requests: Requests, seconds: float = SECONDS) -> http_load.Load:
    """Read as fast as answered; every answer has to be the task's document."""
    return await load(stage.gateway, requests, seconds)


async def load(url: str, requests: Requests, seconds: float) -> http_load.Load:
    """Read as fast as answered. Raises RuntimeError when an answer isn't 200."""
    seen = await http_load.run(url, requests, connections=CONNECTIONS, seconds=seconds)
    if set(seen.statuses) != {200}:
        raise RuntimeError(f"not every read was answered: {dict(seen.statuses)}")
    return seen


def of_tasks(stage: Stage, wanted: Iterable[tuple[str, UUID]]) -> Requests:
    """Requests for these (key, task), over and over, in no order."""
    made = [
        http_load.get(stage.gateway, f"/api/v1/tasks/{task_text(task)}", {"Authorization": f"Bearer {key}"})
        for key, task in wanted
    ]
    return _shuffled(made)


def _finished(stage: Stage, keys: Sequence[str]) -> Requests:
    return of_tasks(stage, ((key, task) for n, key in enumerate(keys) for task in PAST.finished(n)))


def _live(stage: Stage, keys: Sequence[str]) -> Requests:
    return of_tasks(stage, _live_tasks(keys))


def _live_tasks(keys: Sequence[str]) -> list[tuple[str, UUID]]:
    return [(keys[n % PAST.accounts], task) for n, (task, _) in enumerate(PAST.live())]


def plain_requests(url: str, past: Past) -> Requests:
    """Requests for a past's finished tasks from the yardstick."""
    tasks = (task for n in range(past.accounts) for task in past.finished(n))
    return _shuffled([http_load.get(url, f"/tasks/{task}", {}) for task in tasks])


def _shuffled(made: list[bytes]) -> Requests:
    random.shuffle(made)
    return itertools.cycle(made).__next__


@asynccontextmanager
async def plain(stage: Stage) -> AsyncIterator[str]:
    """The yardstick's process, on uvicorn as the gateway is; its address."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    words = ("uvicorn", "bench.plain_app:app", "--port", str(port), "--loop", "uvloop", "--no-access-log")
    environment = {**os.environ, "PLAIN_DSN": stage.dsn("gateway")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *words, cwd=ROOT, env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _served(port)
        yield url
    finally:
        process.terminate()
        await process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def _served(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def _streams(report: Report, stage: Stage, keys: Sequence[str]) -> None:
    """Open the streams, tell each of its task's progress, see how late the news are."""
    streams, before = Streams(), stage.rss()["gateway"]
    followed = _live_tasks(keys)[:STREAMS]
    wanted = [(f"/api/v1/tasks/{task_text(task)}/events", key) for key, task in followed]
    await streams.open(stage.gateway, wanted, after=LIVE_SEQ)
    kilobytes = (stage.rss()["gateway"] - before) * 1000 / STREAMS
    cpu = stage.cpu()
    await bus.send(stage.kafka, _news(PAST.live()[:STREAMS]), EVENTS_PER_SECOND)
    async with asyncio.timeout(60):
        while len(streams.delays) < STREAMS * EVENTS:
            await asyncio.sleep(0.1)
    streams.close()
    late = percentile(streams.delays, 0.99) * 1000
    report.figures |= {
        "KB per stream": kilobytes,
        "p50 ms to a stream": percentile(streams.delays, 0.5) * 1000,
        "p99 ms to a stream": late,
        "cpu ms per event": used(cpu, stage.cpu(), STREAMS * EVENTS),
    }
    report.at_most("KB per stream", kilobytes, 50)
    report.at_most("p99 ms to a stream", late, 500)
    report.holds(
        "every event to its stream",
        f"{len(streams.delays)} of {STREAMS * EVENTS}, {streams.lost} streams lost",
        len(streams.delays) == STREAMS * EVENTS and streams.lost == 0,
    )


def _news(live: Sequence[tuple[UUID, UUID]]) -> Iterator[bus.Said]:
    """Every task moves on by a percent, then every task by another one."""
    for percent in range(1, EVENTS + 1):
        for task, account in live:
            event = TaskProgress(
                task_id=task,
                account_id=account,
                attempt=1,
                state="processing",
                percent=percent,
                provider="ark",
                at=datetime.now(UTC),
            )
            yield event, str(task), f"processing:{percent}"
