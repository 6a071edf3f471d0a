"""`ledger` and `ledger-hot`: freeze+settle pairs per second through the real consumer, beside pgbench.

A backlog of whole tasks (requested, completed, stored) is put on the topics; then the ledger is started and
timed from its first answer to its last: Kafka in, Postgres, outbox, Kafka out.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from contracts import envelope, topics
from contracts.events import AssetStored, CreditsGranted, Event, ProviderCompleted, TaskRequested
from contracts.ids import uuid7

from bench import pgbench
from bench.figures import Report
from bench.stage import Stage

TASKS = 30_000
HOT_TASKS = 15_000
ACCOUNTS = 10_000
MICRO = 6_570_000
OTHERS = ("gateway", "dispatcher", "callbacks", "storage", "simulator")


def run() -> list[Report]:
    """Both figures: the hot one is measured against the spread one."""
    stage = Stage.open({"SIM_RENDER": "cached"})
    stage.stop(*OTHERS, "ledger")
    return asyncio.run(_measure(stage))


async def _measure(stage: Stage) -> list[Report]:
    yardstick = await pgbench.prepare(stage.admin_dsn)
    first = await pgbench.tps(yardstick, 15)
    spread = await _pairs(stage, [uuid4() for _ in range(ACCOUNTS)], TASKS)
    hot = await _pairs(stage, [uuid4()], HOT_TASKS)
    second = await pgbench.tps(yardstick, 15)
    tps = (first + second) / 2
    whole, one = Report("ledger"), Report("ledger-hot")
    whole.figures = {"pairs per second": spread["rate"], "pgbench tps": tps, "cpu ms per pair": spread["cpu"]}
    whole.ratios = {"pairs / pgbench": spread["rate"] / tps}
    whole.at_least("pairs / pgbench", spread["rate"] / tps, 1.0)
    one.figures = {"pairs per second": hot["rate"]}
    one.ratios = {"hot / spread": hot["rate"] / spread["rate"]}
    one.at_least("hot / spread", hot["rate"] / spread["rate"], 0.5)
    done = stage.command("ledger", "check")
    whole.holds("ledger check", done.strip().splitlines()[-1][:60], True)
    stage.stop("ledger")
    return [whole, one]


async def _pairs(stage: Stage, accounts: list[UUID], tasks: int) -> dict[str, Any]:
    """Fill the topics, start the ledger, wait for the last settlement."""
    await _grants(stage, accounts)
    settled = await _settled(stage)
    await _backlog(stage, accounts, tasks)
    stage.start("ledger")
    began_cpu, begun = stage.cpu(), None
    while (now_settled := await _settled(stage)) - settled < tasks:
        if begun is None and now_settled > settled:
            begun = (time.perf_counter(), now_settled, stage.cpu())
        await asyncio.sleep(0.05)
    assert begun is not None
    seconds = time.perf_counter() - begun[0]
    counted = settled + tasks - begun[1]
    used = {name: value - began_cpu.get(name, 0.0) for name, value in stage.cpu().items()}
    stage.stop("ledger")
    return {"rate": counted / seconds, "cpu": {k: round(v * 1000 / tasks, 3) for k, v in used.items()}}


async def _grants(stage: Stage, accounts: list[UUID]) -> None:
    """Credits for every account, applied before the clock starts."""
    known = int(await stage.value("ledger", "SELECT count(*) FROM balances"))
    events = [
        CreditsGranted(
            grant_id=uuid7(),
            account_id=account,
            asset="credit",
            amount_micro=10**15,
            kind="topup",
            reason="bench",
            granted_at=datetime.now(UTC),
        )
        for account in accounts
    ]
    await _send(stage, [(event, str(event.grant_id), "granted") for event in events])
    stage.start("ledger")
    while int(await stage.value("ledger", "SELECT count(*) FROM balances")) < known + len(accounts):
        await asyncio.sleep(0.1)
    stage.stop("ledger")


async def _backlog(stage: Stage, accounts: list[UUID], count: int) -> None:
    now = datetime.now(UTC)
    tasks = [(uuid7(), accounts[n % len(accounts)]) for n in range(count)]
    for begin in range(0, count, 5000):
        part = tasks[begin : begin + 5000]
        await _send(stage, [(_requested(t, a, now), str(t), "requested") for t, a in part])
    for begin in range(0, count, 5000):
        part = tasks[begin : begin + 5000]
        await _send(stage, [(_completed(t, a, now), str(t), "completed") for t, a in part])
        await _send(stage, [(_stored(t, a, now), str(t), "stored") for t, a in part])


def _requested(task: UUID, account: UUID, now: datetime) -> TaskRequested:
    return TaskRequested(
        task_id=task,
        account_id=account,
        asset="credit",
        model="doubao-seedance-2-0-fast",
        input={"prompt": "a city street after rain", "resolution": "720p", "duration": 5},
        quote_micro=MICRO,
        price_rule={"kind": "flat", "micro": MICRO},
        requested_at=now,
        deadline=now + timedelta(hours=1),
        surface="v1",
        key_id=None,
        request_id="req_bench",
    )


def _completed(task: UUID, account: UUID, now: datetime) -> ProviderCompleted:
    return ProviderCompleted(
        task_id=task,
        account_id=account,
        attempt=1,
        outcome="succeeded",
        model="doubao-seedance-2-0-fast",
        actual_micro=MICRO - 1000,
        completed_at=now,
    )


def _stored(task: UUID, account: UUID, now: datetime) -> AssetStored:
    return AssetStored(task_id=task, account_id=account, attempt=1, outcome="stored", stored_at=now)


async def _send(stage: Stage, said: list[tuple[Event, str, str]]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=stage.facts["kafka_bootstrap"], linger_ms=5, max_batch_size=262_144
    )
    await producer.start()
    pending = []
    for event, subject, fact in said:
        topic = topics.topic_of(event)
        pairs = envelope.headers(
            event=envelope.event_id(topic.writer, subject, fact),
            source=topic.writer,
            kind=topic.type,
            subject=subject,
            time=datetime.now(UTC),
        )
        headers = [(name, value.encode()) for name, value in pairs.items()]
        key = str(event.account_id).encode()  # type: ignore[attr-defined]  # all three have one
        pending.append(
            await producer.send(topic.name, event.model_dump_json().encode(), key=key, headers=headers)
        )
    await asyncio.gather(*pending)
    await producer.stop()


async def _settled(stage: Stage) -> int:
    global _reader  # noqa: PLW0603 -- one connection for many looks
    if _reader is None:
        _reader = AIOKafkaConsumer(bootstrap_servers=stage.facts["kafka_bootstrap"])
        await _reader.start()
    ends = await _reader.end_offsets([TopicPartition("task.settled", n) for n in range(12)])
    return sum(ends.values())


_reader: AIOKafkaConsumer | None = None
