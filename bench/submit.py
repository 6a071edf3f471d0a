"""`submit`: durable tasks accepted per second by one gateway process, beside pgbench on the same Postgres."""

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from bench import http_load, pgbench
from bench.bus import Counter
from bench.figures import Report
from bench.rounds import middle, pick
from bench.stage import Stage, used

CONNECTIONS = 64
SECONDS = pick(10, 3)
ROUNDS = pick(5, 2)
PGBENCH_SECONDS = pick(15, 3)
OTHERS = ("ledger", "dispatcher", "callbacks", "storage", "simulator")
NO_REPEATS = {"GATEWAY_REPEAT_AFTER_SECONDS": "86400"}
"""The ledger is stopped: requests would be said again after two minutes without its answer."""
BODY = {
    "model": "doubao-seedance-2-0-fast",
    "input": {
        "prompt": "A cinematic tracking shot of a futuristic city street after rain",
        "size": "16:9",
        "resolution": "480p",
        "duration": 4,
        "generate_audio": True,
    },
}


def run() -> Report:
    """All but the gateway and its servers stopped, alternate with pgbench."""
    with Stage.open({"SIM_RENDER": "cached", **NO_REPEATS}) as stage:
        _, key = stage.account(50_000_000)
        stage.stop(*OTHERS)
        return asyncio.run(_measure(stage, key))


async def _measure(stage: Stage, key: str) -> Report:
    yardstick = await pgbench.prepare(stage.admin_dsn)
    report, submits = Report("submit"), await Submits.begin(stage, key)
    await submits.load(pick(3, 1))  # warm up
    await stage.analyze()
    accepted, tps, cpu = [], [], {}
    for _ in range(ROUNDS):
        tps.append(await pgbench.tps(yardstick, PGBENCH_SECONDS))
        before = stage.cpu()
        load = await submits.load(SECONDS)
        cpu = used(before, stage.cpu(), load.statuses[202])
        accepted.append(load.rate(202))
    rate = middle(accepted)
    half = await submits.load(SECONDS, rate=rate / 2)
    report.figures = {
        "accepted per second": rate,
        "pgbench tps": middle(tps),
        "rounds": [round(a) for a in accepted],
        "pgbench rounds": [round(t) for t in tps],
        "p50 ms at half load": half.percentile(0.5) * 1000,
        "p99 ms at half load": half.percentile(0.99) * 1000,
        "cpu ms per task": cpu,
    }
    report.ratios = {"accepted / pgbench": rate / middle(tps)}
    report.at_least("accepted / pgbench", rate / middle(tps), 0.6)
    report.at_most("p99 ms at half load", half.percentile(0.99) * 1000, 50)
    report.holds("accepted = rows = records", *await submits.audit())
    return report


@dataclass
class Submits:
    """Submits of one account, counted from where the tables and topics stood."""

    stage: Stage
    key: str
    rows_before: int
    records_before: int
    accepted: list[int] = field(default_factory=list)

    @classmethod
    async def begin(cls, stage: Stage, key: str) -> "Submits":
        """Count from now on."""
        return cls(stage, key, await _rows(stage), await _records(stage))

    async def load(self, seconds: float, rate: float | None = None) -> http_load.Load:
        """Submit over all connections, as fast as answered or at a rate per second."""
        load = await http_load.run(
            self.stage.gateway,
            maker(self.stage, self.key),
            connections=CONNECTIONS,
            seconds=seconds,
            rate=rate,
        )
        self.accepted.append(load.statuses[202])
        return load

    async def audit(self, seconds: float = 60) -> tuple[str, bool]:
        """accepted = task rows = records on task.requested: what to say of it, and whether it holds."""
        total = sum(self.accepted)
        for _ in range(int(seconds * 10)):
            if await _records(self.stage) - self.records_before >= total:
                break
            await asyncio.sleep(0.1)
        stored = await _rows(self.stage) - self.rows_before
        said = await _records(self.stage) - self.records_before
        return f"{total} = {stored} = {said}", total == stored == said


def maker(stage: Stage, key: str) -> Callable[[], bytes]:
    """Makes requests that differ in their idempotency keys alone."""
    run_id, numbers = uuid4().hex[:12], itertools.count()
    fixed = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    headers = {**fixed, "Idempotency-Key": "bench-@@@@"}
    template = http_load.post(stage.gateway, "/api/v1/tasks", json.dumps(BODY).encode(), headers)
    head, tail = template.split(b"@@@@")
    return lambda: head + f"{run_id}-{next(numbers)}".encode() + tail


async def _rows(stage: Stage) -> int:
    return int(await stage.value("gateway", "SELECT count(*) FROM tasks"))


async def _records(stage: Stage) -> int:
    async with Counter(stage.kafka) as counter:
        return await counter.count("task.requested")
