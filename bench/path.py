"""`path`: whole tasks per second, submit to settled, with webhook, download and S3 copy."""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg
from contracts import topics

from bench import http_load
from bench.bus import Counter
from bench.figures import Report
from bench.rounds import middle, percentile, pick
from bench.stage import Stage, used
from bench.submit import maker
from bench.watch import Watch

ROUNDS = pick(3, 1)
SECONDS = pick(15, 6)
WARM_UP_SECONDS = pick(30, 4)
"""Until the broker's and the object store's JVMs have compiled what they run: half their CPU at first."""
CONNECTIONS = 16
IN_FLIGHT = 400
FINAL = "status IN ('succeeded', 'failed', 'cancelled')"


ANYTIME = {"SIM_RENDER": "cached", "SIM_DELAY_SECONDS": "0"}
"""Results are ready at once: what is measured is Framebus, not a provider."""


def run() -> Report:
    """Bring everything up with cached results and no delay at the provider."""
    with Stage.open(ANYTIME) as stage:
        account, key = stage.account(50_000_000)
        return asyncio.run(_measure(stage, account, key))


async def _measure(stage: Stage, account: str, key: str) -> Report:
    report = Report("path")
    gateway = await asyncpg.connect(stage.dsn("gateway"))
    await keep_in_flight(stage, key, gateway, account, WARM_UP_SECONDS)
    await stage.analyze()
    written = await _Written.now(stage)
    begun = await final(gateway, account)
    rounds = [await _round(stage, key, gateway, account) for _ in range(ROUNDS)]
    rates = [count / seconds for count, seconds, _ in rounds]
    cpu = rounds[-1][2]
    rss = stage.rss()
    await all_final(gateway, account)
    each = written.per_task(await _Written.now(stage), await final(gateway, account) - begun)
    latencies = await _latencies(stage, key, gateway, account)
    report.figures = {
        "tasks per second": middle(rates),
        "rounds": [round(rate, 1) for rate in rates],
        "cpu ms per task": cpu,
        "cpu ms per task, all": sum(cpu.values()),
        "rss MB under load": {name: round(value) for name, value in rss.items()},
        **each,
        "p50 ms at 20/s": latencies[0],
        "p99 ms at 20/s": latencies[1],
    }
    report.at_least("tasks per second", middle(rates), 150)
    report.at_most("p50 ms at 20/s", latencies[0], 300)
    await audit(stage, report, gateway, account)
    await gateway.close()
    return report


@dataclass(frozen=True)
class _Written:
    """What tasks leave behind: bytes of WAL, records on all topics."""

    wal: int
    records: int

    @classmethod
    async def now(cls, stage: Stage) -> "_Written":
        """Up to now."""
        wal = await stage.value("gateway", "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
        async with Counter(stage.kafka) as counter:
            return cls(wal, sum((await counter.ends(*topics.TOPICS)).values()))

    def per_task(self, later: "_Written", count: int) -> dict[str, float]:
        """As figures."""
        return {
            "WAL KB per task": (later.wal - self.wal) / 1000 / count,
            "Kafka records per task": (later.records - self.records) / count,
        }


async def _round(
    stage: Stage, key: str, gateway: asyncpg.Connection, account: str
) -> tuple[int, float, dict[str, float]]:
    """One round at full load: tasks that ended, seconds, CPU milliseconds per task by process."""
    before, count_before, began = stage.cpu(), await final(gateway, account), time.perf_counter()
    await keep_in_flight(stage, key, gateway, account, SECONDS)
    seconds, count = time.perf_counter() - began, await final(gateway, account) - count_before
    return count, seconds, used(before, stage.cpu(), count)


async def keep_in_flight(
    stage: Stage, key: str, gateway: asyncpg.Connection, account: str, seconds: float
) -> None:
    """Submit whatever ended, so that a fixed number of tasks is always under way."""
    make, url, end = maker(stage, key), stage.gateway, time.perf_counter() + seconds
    while time.perf_counter() < end:
        missing = IN_FLIGHT - await _live(gateway, account)
        if missing > 0:
            await submit(url, make, missing)
        await asyncio.sleep(0.1)


async def submit(url: str, make: Callable[[], bytes], count: int) -> None:
    """Submit so many tasks, as fast as answered."""
    left = itertools.count(count, -1)

    class Enough(Exception):
        pass

    def limited() -> bytes:
        if next(left) <= 0:
            raise Enough
        return make()

    try:
        await http_load.run(url, limited, connections=min(CONNECTIONS, count), seconds=120)
    except Enough:
        await asyncio.sleep(0.05)  # the other connections' answers


async def _live(gateway: asyncpg.Connection, account: str) -> int:
    """How many of an account's tasks are unfinished, as the gateway counts them: no scan that grows."""
    return int(await gateway.fetchval("SELECT sum(live_tasks) FROM balances WHERE account_id = $1", account))


async def final(gateway: asyncpg.Connection, account: str) -> int:
    """How many of an account's tasks have ended."""
    return int(
        await gateway.fetchval(f"SELECT count(*) FROM tasks WHERE account_id = $1 AND {FINAL}", account)
    )


async def all_final(gateway: asyncpg.Connection, account: str) -> None:
    """Wait until all of an account's tasks have ended. Raises RuntimeError after ten minutes."""
    for _ in range(6000):
        if not await _live(gateway, account):
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("tasks are left that never end")


async def _latencies(
    stage: Stage, key: str, gateway: asyncpg.Connection, account: str
) -> tuple[float, float]:
    """Submit to seen final at 20 per second: p50 and p99 in milliseconds."""
    watch, seconds = Watch(gateway, account, 0.02), pick(10, 4)
    await watch.begin()
    submitting = http_load.run(stage.gateway, maker(stage, key), connections=4, seconds=seconds, rate=20)
    load, _ = await asyncio.gather(submitting, watch.until(20 * seconds - 4))  # looks to the end
    await watch.until(load.statuses[202])
    return percentile(watch.took, 0.5) * 1000, percentile(watch.took, 0.99) * 1000


async def audit(
    stage: Stage, report: Report, gateway: asyncpg.Connection, account: str, which: str = ""
) -> None:
    """accepted = settled + released + refused, and the books are clean."""
    found = await gateway.fetch(
        "SELECT status, count(*) AS n FROM tasks WHERE account_id = $1 GROUP BY 1", account
    )
    counts = {row["status"]: row["n"] for row in found}
    accepted = sum(counts.values())
    closed = await stage.value(
        "ledger", "SELECT count(*) FROM tasks WHERE account_id = $1 AND outcome IS NOT NULL", account
    )
    report.holds(f"{which}accepted = closed", f"{accepted} = {closed}", accepted == closed)
    report.holds(f"{which}all succeeded", str(counts), set(counts) <= {"succeeded"})
    report.holds(f"{which}ledger check", *stage.proofs())
