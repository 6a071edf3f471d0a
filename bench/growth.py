"""`growth`: read, ledger and submit with a million tasks behind them, against the same on empty tables.

The past is seeded by SQL; then the newest tenth of its tasks is closed through the real consumers, so that
the tables have dead rows as in real life.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from bench import bus, ledger, pgbench, read
from bench.figures import Report
from bench.rounds import middle, pick
from bench.seeding import MICRO, Past, seed
from bench.stage import Stage
from bench.submit import NO_REPEATS, Submits

SMALL = Past(accounts=20, each=20, open=0, era=1)
PAST = Past(accounts=pick(10_000, 1000), each=pick(100, 20), open=pick(10, 2))
KEYS = 20
ROUNDS = pick(3, 2)
SECONDS = pick(6, 2)
PAIRS = pick(12_000, 3_000)
PGBENCH_SECONDS = pick(8, 3)
OTHERS = ("dispatcher", "callbacks", "storage", "simulator", "ledger")
_CLOSED = "SELECT count(*) FROM tasks WHERE outcome = 'settled' AND account_id = ANY($1::uuid[])"
_TRANSFERS = "SELECT count(*) FROM transfers"
_TASKS = "SELECT count(*) FROM tasks"

Round = Callable[[], Awaitable[float]]


@dataclass
class Rates:
    """Each figure per second, as a median of rounds, and as a share of the yardstick beside it."""

    figures: dict[str, float] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)


def run() -> Report:
    """Gateway and ledger on one stack; who else would answer their events is stopped."""
    with Stage.open({"SIM_RENDER": "cached", **NO_REPEATS}) as stage:
        _, key = stage.account(100_000_000)
        stage.stop(*OTHERS)
        return asyncio.run(_measure(stage, key))


async def _measure(stage: Stage, key: str) -> Report:
    report, accounts = Report("growth"), [uuid4() for _ in range(ledger.ACCOUNTS)]
    yardstick = await pgbench.prepare(stage.admin_dsn)
    await ledger.grants(stage, accounts)
    await seed(stage, "gateway", SMALL)
    empty = await _rates(stage, yardstick, key, accounts, SMALL, report)
    await seed(stage, "gateway", PAST)
    await seed(stage, "ledger", PAST)
    await _close_the_open(stage, report)
    grown = await _rates(stage, yardstick, key, accounts, PAST, report)
    report.figures["tasks"] = await stage.value("gateway", _TASKS)
    report.figures["postings"] = 2 * await stage.value("ledger", _TRANSFERS)
    for name in empty.figures:
        report.figures[f"{name} per second, empty"] = empty.figures[name]
        report.figures[f"{name} per second, grown"] = grown.figures[name]
        kept = grown.figures[name] / empty.figures[name]
        report.ratios[f"{name}: grown / empty"] = kept
        report.figures[f"{name}: the same of shares of the yardstick"] = (
            grown.shares[name] / empty.shares[name]
        )
        report.at_least(f"{name}: grown / empty", kept, 0.8)
    report.holds("ledger check", *stage.proofs())
    return report


async def _rates(
    stage: Stage, yardstick: str, key: str, accounts: Sequence[UUID], past: Past, report: Report
) -> Rates:
    """The three figures; at the end nothing waits, neither in tables nor on topics."""
    rates = Rates()

    async def transactions() -> float:
        return await pgbench.tps(yardstick, PGBENCH_SECONDS)

    async def figure(name: str, one: Round, beside: Round = transactions) -> None:
        ours, theirs = [], []
        for _ in range(ROUNDS):
            theirs.append(await beside())
            ours.append(await one())
        rates.figures[name], rates.shares[name] = middle(ours), middle(ours) / middle(theirs)

    async def pairs() -> float:
        return (await ledger.pairs(stage, accounts, PAIRS)).rate

    stage.stop("gateway")
    await figure("ledger", pairs)
    stage.start("gateway")
    await stage.worked_off("gateway")
    requests = _requests(stage, past)

    async def reads() -> float:
        return (await read.rate(stage, requests, SECONDS)).rate(200)

    async with read.plain(stage) as url:
        small = read.plain_requests(url, SMALL)

        async def plain_reads() -> float:
            return (await read.load(url, small, SECONDS)).rate(200)

        await figure("read", reads, plain_reads)
    submits = await Submits.begin(stage, key)

    async def accepted() -> float:
        return (await submits.load(SECONDS)).rate(202)

    await figure("submit", accepted)
    which = "empty" if past is SMALL else "grown"
    report.holds(f"accepted = rows = records, {which}", *await submits.audit())
    await _work_off(stage)
    return rates


def _requests(stage: Stage, past: Past) -> read.Requests:
    """Reads of finished tasks all over the table."""
    numbers = range(0, past.accounts, past.accounts // KEYS)
    keys = stage.keys([past.account(n) for n in numbers])
    wanted = zip(keys, numbers, strict=True)
    return read.of_tasks(stage, ((key, task) for key, n in wanted for task in past.finished(n)))


async def _work_off(stage: Stage) -> None:
    """Let the ledger answer what was asked, and the gateway take the answers in."""
    stage.start("ledger")
    await stage.worked_off("ledger")
    await asyncio.sleep(1)  # its outbox reaches the topics
    await stage.worked_off("gateway")
    stage.stop("ledger")


async def _close_the_open(stage: Stage, report: Report) -> None:
    """The seeded open tasks succeed, as if provider and storage had said so."""
    open_tasks = PAST.live()
    await bus.send(stage.kafka, _ends(open_tasks))
    await _work_off(stage)
    accounts = [PAST.account(n) for n in range(PAST.accounts)]
    closed = await stage.value("ledger", _CLOSED, accounts) - PAST.accounts * (PAST.each - PAST.open)
    done = len(open_tasks)
    report.holds("a tenth closed by the real path", f"{closed} of {done}", closed == done)


def _ends(open_tasks: Sequence[tuple[UUID, UUID]]) -> Iterator[bus.Said]:
    for task, account in open_tasks:
        now = datetime.now(UTC)
        yield ledger.completed(task, account, now, MICRO), str(task), "completed"
        yield ledger.stored(task, account, now), str(task), "stored"
