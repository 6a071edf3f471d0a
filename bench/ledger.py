"""`ledger` and `ledger-hot`: freeze+settle pairs per second through the real consumer, beside pgbench.

A backlog of whole tasks (requested, completed, stored) is put on the topics; then the ledger is started and
timed from its first answer to its last: Kafka in, Postgres, outbox, Kafka out.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from contracts.events import AssetStored, CreditsGranted, ProviderCompleted, TaskRequested
from contracts.ids import uuid7

from bench import pgbench
from bench.bus import Counter, send
from bench.figures import Report
from bench.rounds import middle, pick
from bench.stage import Stage, used

ROUNDS = pick(3, 1)
TASKS = pick(20_000, 4_000)
HOT_TASKS = pick(10_000, 2_000)
ACCOUNTS = pick(10_000, 2_000)
PGBENCH_SECONDS = pick(15, 3)
MICRO = 6_570_000
OTHERS = ("gateway", "dispatcher", "callbacks", "storage", "simulator")


def run() -> list[Report]:
    """Both figures: the hot one is measured against the spread one."""
    with Stage.open({"SIM_RENDER": "cached"}) as stage:
        stage.stop(*OTHERS, "ledger")
        return asyncio.run(_measure(stage))


@dataclass(frozen=True)
class Pairs:
    """A backlog worked off: pairs per second, CPU milliseconds per pair by process."""

    rate: float
    cpu: dict[str, float]


async def _measure(stage: Stage) -> list[Report]:
    yardstick = await pgbench.prepare(stage.admin_dsn)
    everybody, one_only = [uuid4() for _ in range(ACCOUNTS)], [uuid4()]
    await grants(stage, [*everybody, *one_only])
    await pairs(stage, everybody, TASKS // 4)  # warm up
    await stage.analyze()
    tps, spread, hot = [], [], []
    for _ in range(ROUNDS):
        tps.append(await pgbench.tps(yardstick, PGBENCH_SECONDS))
        spread.append(await pairs(stage, everybody, TASKS))
        hot.append(await pairs(stage, one_only, HOT_TASKS))
    whole, one = Report("ledger"), Report("ledger-hot")
    rate, hot_rate = middle([each.rate for each in spread]), middle([each.rate for each in hot])
    whole.figures = {
        "pairs per second": rate,
        "pgbench tps": middle(tps),
        "rounds": [round(each.rate) for each in spread],
        "pgbench rounds": [round(each) for each in tps],
        "postgres ms per pair, rounds": [each.cpu.get("postgres", 0.0) for each in spread],
        "cpu ms per pair": spread[-1].cpu,
    }
    whole.ratios = {"pairs / pgbench": rate / middle(tps)}
    whole.at_least("pairs / pgbench", rate / middle(tps), 1.0)
    one.figures = {
        "pairs per second": hot_rate,
        "rounds": [round(each.rate) for each in hot],
        "cpu ms per pair": hot[-1].cpu,
    }
    one.ratios = {"hot / spread": hot_rate / rate}
    one.at_least("hot / spread", hot_rate / rate, 0.5)
    whole.holds("ledger check", *stage.proofs())
    return [whole, one]


async def pairs(stage: Stage, accounts: Sequence[UUID], tasks: int) -> Pairs:
    """Fill the topics, start the ledger, wait for the last settlement; the ledger is stopped at the end.

    The clock runs from the first answer that is seen, most likely a freeze; a freeze is half a pair.
    """
    async with Counter(stage.kafka) as counter:
        before = await _moves(counter)
        await _backlog(stage, accounts, tasks)
        stage.start("ledger")
        began: tuple[float, int, dict[str, float]] | None = None
        while (now := await _moves(counter)) - before < 2 * tasks:
            if began is None and now > before:
                began = (time.perf_counter(), now, stage.cpu())
            await asyncio.sleep(0.02)
    if began is None:
        raise RuntimeError("the backlog was worked off between two looks: give it more tasks")
    counted = (now - began[1]) / 2
    rate, cpu = counted / (time.perf_counter() - began[0]), used(began[2], stage.cpu(), counted)
    stage.stop("ledger")
    return Pairs(rate, cpu)


async def _moves(counter: Counter) -> int:
    """Freezes and settlements that were said."""
    return await counter.count("credits.frozen") + await counter.count("task.settled")


async def grants(stage: Stage, accounts: Sequence[UUID]) -> None:
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
    await send(stage.kafka, [(event, str(event.grant_id), "granted") for event in events])
    stage.start("ledger")
    while int(await stage.value("ledger", "SELECT count(*) FROM balances")) < known + len(accounts):
        await asyncio.sleep(0.1)
    stage.stop("ledger")


async def _backlog(stage: Stage, accounts: Sequence[UUID], count: int) -> None:
    now = datetime.now(UTC)
    tasks = [(uuid7(), accounts[n % len(accounts)]) for n in range(count)]
    await send(stage.kafka, ((_requested(t, a, now), str(t), "requested") for t, a in tasks))
    await send(stage.kafka, ((completed(t, a, now), str(t), "completed") for t, a in tasks))
    await send(stage.kafka, ((stored(t, a, now), str(t), "stored") for t, a in tasks))


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


def completed(task: UUID, account: UUID, now: datetime, micro: int = MICRO) -> ProviderCompleted:
    """The provider's success, at a little less than the quote."""
    return ProviderCompleted(
        task_id=task,
        account_id=account,
        attempt=1,
        outcome="succeeded",
        model="doubao-seedance-2-0-fast",
        actual_micro=micro - 1000,
        completed_at=now,
    )


def stored(task: UUID, account: UUID, now: datetime) -> AssetStored:
    """Its result, stored."""
    return AssetStored(task_id=task, account_id=account, attempt=1, outcome="stored", stored_at=now)
