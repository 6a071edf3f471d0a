"""`submit`: durable tasks accepted per second by one gateway process, beside pgbench on the same Postgres."""

import asyncio
import itertools
import json
from statistics import median
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench import http_load, pgbench
from bench.figures import Report
from bench.stage import Stage

CONNECTIONS = 64
SECONDS = 10
ROUNDS = 3
OTHERS = ("ledger", "dispatcher", "callbacks", "storage", "simulator")
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
    """Bring the stack up, stop all but the gateway and its servers, alternate with pgbench."""
    stage = Stage.open({"SIM_RENDER": "cached"})
    _, key = stage.account(50_000_000)
    asyncio.run(_wait_for_credits(stage, key))
    stage.stop(*OTHERS)
    return asyncio.run(_measure(stage, key))


async def _measure(stage: Stage, key: str) -> Report:
    yardstick = await pgbench.prepare(stage.admin_dsn)
    report, accepted, tps = Report("submit"), [], []
    tasks_before = await _tasks(stage)
    said_before = await _said(stage)
    answers = 0
    await _load(stage, key, 3)  # warm up
    for _ in range(ROUNDS):
        tps.append(await pgbench.tps(yardstick, 15))
        before = stage.cpu()
        load = await _load(stage, key, SECONDS)
        used = {name: value - before.get(name, 0.0) for name, value in stage.cpu().items()}
        accepted.append(load.rate(202))
        answers += load.statuses[202]
    rate = median(accepted)
    half = await _load(stage, key, SECONDS, rate=rate / 2)
    report.figures = {
        "accepted per second": rate,
        "pgbench tps": median(tps),
        "rounds": [round(a) for a in accepted],
        "pgbench rounds": [round(t) for t in tps],
        "p50 ms at half load": half.percentile(0.5) * 1000,
        "p99 ms at half load": half.percentile(0.99) * 1000,
        "cpu ms per task": {k: round(v * 1000 / load.statuses[202], 3) for k, v in used.items()},
    }
    report.ratios = {"accepted / pgbench": rate / median(tps)}
    report.at_least("accepted / pgbench", rate / median(tps), 0.6)
    report.at_most("p99 ms at half load", half.percentile(0.99) * 1000, 50)
    await _audit(stage, report, tasks_before, said_before)
    return report


async def _load(stage: Stage, key: str, seconds: float, rate: float | None = None) -> http_load.Load:
    url = str(stage.facts["gateway_url"])
    body = json.dumps(BODY).encode()
    numbers = itertools.count()
    run_id = uuid4().hex[:12]
    fixed = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    template = http_load.post(url, "/api/v1/tasks", body, {**fixed, "Idempotency-Key": "bench-@@@@"})
    head, tail = template.split(b"@@@@")

    def make() -> bytes:
        return head + f"{run_id}-{next(numbers)}".encode() + tail

    load = await http_load.run(url, make, connections=CONNECTIONS, seconds=seconds, rate=rate)
    stage_totals.append(load.statuses[202])
    return load


stage_totals: list[int] = []


async def _audit(stage: Stage, report: Report, tasks_before: int, said_before: int) -> None:
    """accepted = task rows = records on task.requested."""
    for _ in range(600):
        if await _said(stage) - said_before >= sum(stage_totals):
            break
        await asyncio.sleep(0.1)
    rows, said = await _tasks(stage) - tasks_before, await _said(stage) - said_before
    total = sum(stage_totals)
    report.holds("accepted = rows = records", f"{total} = {rows} = {said}", total == rows == said)


async def _tasks(stage: Stage) -> int:
    return int(await stage.value("gateway", "SELECT count(*) FROM tasks"))


async def _said(stage: Stage) -> int:
    consumer = AIOKafkaConsumer(bootstrap_servers=stage.facts["kafka_bootstrap"])
    await consumer.start()
    ends = await consumer.end_offsets([TopicPartition("task.requested", n) for n in range(12)])
    await consumer.stop()
    return sum(ends.values())


async def _wait_for_credits(stage: Stage, key: str) -> None:
    url = str(stage.facts["gateway_url"])
    seen: list[bytes] = []
    request = http_load.get(url, "/api/v1/credits", {"Authorization": f"Bearer {key}"})
    for _ in range(300):
        await http_load.run(
            url, lambda: request, connections=1, seconds=0.02, on_answer=lambda _, b: seen.append(b)
        )
        if float(json.loads(seen[-1]).get("available", 0)) > 0:
            return
        await asyncio.sleep(0.1)
    raise RuntimeError(f"the credits never came: {seen[-1]!r}")
