"""`path`: whole tasks per second, submit to settled, with webhook, download and S3 copy."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from uuid import uuid4

import asyncpg

from bench import http_load
from bench.figures import Report
from bench.stage import Stage
from bench.submit import BODY, _wait_for_credits

SECONDS = 25
CONNECTIONS = 16
IN_FLIGHT = 400
_PERCENTILES = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY s) AS p50,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY s) AS p99
FROM (SELECT extract(epoch FROM finished_at - requested_at) * 1000 AS s
      FROM tasks WHERE account_id = $1 AND requested_at > $2) AS t
"""
FINAL = "status IN ('succeeded', 'failed', 'cancelled')"


def run() -> Report:
    """Bring everything up with cached results and no delay at the provider."""
    stage = Stage.open({"SIM_RENDER": "cached", "SIM_DELAY_SECONDS": "0"})
    account, key = stage.account(50_000_000)
    asyncio.run(_wait_for_credits(stage, key))
    return asyncio.run(_measure(stage, account, key))


async def _measure(stage: Stage, account: str, key: str) -> Report:
    report = Report("path")
    gateway = await asyncpg.connect(stage.dsn("gateway"))
    await _keep_in_flight(stage, key, gateway, account, 5)  # warm up
    before, count_before, began = stage.cpu(), await _final(gateway, account), time.perf_counter()
    await _keep_in_flight(stage, key, gateway, account, SECONDS)
    seconds, count = time.perf_counter() - began, await _final(gateway, account) - count_before
    used = {name: value - before.get(name, 0.0) for name, value in stage.cpu().items()}
    rss = stage.rss()
    await _all_final(gateway, account)
    latencies = await _latencies(stage, key, gateway, account)
    report.figures = {
        "tasks per second": count / seconds,
        "cpu ms per task": {k: round(v * 1000 / max(count, 1), 2) for k, v in used.items()},
        "cpu ms per task, all": sum(used.values()) * 1000 / max(count, 1),
        "rss MB under load": {name: round(value) for name, value in rss.items()},
        "p50 ms at 20/s": latencies[0],
        "p99 ms at 20/s": latencies[1],
    }
    report.at_least("tasks per second", count / seconds, 150)
    report.at_most("p50 ms at 20/s", latencies[0], 300)
    await _audit(stage, report, gateway, account)
    await gateway.close()
    return report


def _maker(stage: Stage, key: str) -> Callable[[], bytes]:
    url, run_id, numbers = str(stage.facts["gateway_url"]), uuid4().hex[:12], itertools.count()
    fixed = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    template = http_load.post(
        url, "/api/v1/tasks", json.dumps(BODY).encode(), {**fixed, "Idempotency-Key": "path-@@@@"}
    )
    head, tail = template.split(b"@@@@")
    return lambda: head + f"{run_id}-{next(numbers)}".encode() + tail


async def _keep_in_flight(
    stage: Stage, key: str, gateway: asyncpg.Connection, account: str, seconds: float
) -> None:
    """Submit whatever ended, so that a fixed number of tasks is always under way."""
    make, url, end = _maker(stage, key), str(stage.facts["gateway_url"]), time.perf_counter() + seconds
    while time.perf_counter() < end:
        live = await gateway.fetchval(
            f"SELECT count(*) FROM tasks WHERE account_id = $1 AND NOT {FINAL}", account
        )
        missing = IN_FLIGHT - live
        if missing > 0:
            await _submit(url, make, missing)
        await asyncio.sleep(0.1)


async def _submit(url: str, make: Callable[[], bytes], count: int) -> None:
    left = itertools.count(count, -1)

    class Enough(Exception):
        pass

    def limited() -> bytes:
        if next(left) <= 0:
            raise Enough
        return make()

    try:
        await http_load.run(url, limited, connections=min(CONNECTIONS, count), seconds=10)
    except Enough:
        await asyncio.sleep(0.05)  # the other connections' answers


async def _final(gateway: asyncpg.Connection, account: str) -> int:
    return int(
        await gateway.fetchval(f"SELECT count(*) FROM tasks WHERE account_id = $1 AND {FINAL}", account)
    )


async def _all_final(gateway: asyncpg.Connection, account: str) -> None:
    for _ in range(1200):
        if not await gateway.fetchval(
            f"SELECT count(*) FROM tasks WHERE account_id = $1 AND NOT {FINAL}", account
        ):
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("tasks are left that never end")


async def _latencies(
    stage: Stage, key: str, gateway: asyncpg.Connection, account: str
) -> tuple[float, float]:
    """Submit to final at 20 per second for ten seconds: p50 and p99 in milliseconds."""
    begun = await gateway.fetchval("SELECT now()")
    make, url = _maker(stage, key), str(stage.facts["gateway_url"])
    await http_load.run(url, make, connections=4, seconds=10, rate=20)
    await _all_final(gateway, account)
    row = await gateway.fetchrow(
        _PERCENTILES,
        account,
        begun,
    )
    assert row is not None
    return float(row["p50"]), float(row["p99"])


async def _audit(stage: Stage, report: Report, gateway: asyncpg.Connection, account: str) -> None:
    """accepted = settled + released + refused, and the books are clean."""
    found = await gateway.fetch(
        "SELECT status, count(*) AS n FROM tasks WHERE account_id = $1 GROUP BY 1", account
    )
    counts = {row["status"]: row["n"] for row in found}
    accepted = sum(counts.values())
    closed = await stage.value(
        "ledger", "SELECT count(*) FROM tasks WHERE account_id = $1 AND outcome IS NOT NULL", account
    )
    report.holds("accepted = closed", f"{accepted} = {closed}", accepted == closed)
    report.holds("all succeeded", str(counts), set(counts) <= {"succeeded"})
    report.holds("ledger check", stage.command("ledger", "check").strip().splitlines()[-1][:60], True)
