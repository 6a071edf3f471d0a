"""`discovery`: how long after a job is done at its provider the task has succeeded at the API.

A thousand jobs are live at once and end at random times: at a provider that can only be polled, twenty times
a second (DashScope), and at one that tells of many jobs in a list and calls back (Ark).
"""

import asyncio
import json
import random
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from bench import http_load, path
from bench.figures import Report
from bench.rounds import percentile, pick
from bench.stage import HOME, Stage
from bench.watch import Watch

TASKS = pick(1000, 200)
POLLS_PER_SECOND = pick(20, 5)
BOUND_SECONDS = TASKS / POLLS_PER_SECOND
QUIET_SECONDS = pick(60.0, 15.0)
"""All jobs are submitted by then; from then on they end."""
SPREAD_SECONDS = pick(60.0, 15.0)
WAYS: dict[str, dict[str, Any]] = {
    "dashscope": {"model": "wan2-6-t2v", "input": {"resolution": "720p", "duration": 5}},
    "ark": {"model": "doubao-seedance-2-0-fast", "input": {"resolution": "480p", "duration": 4}},
}
"""A request for each provider."""
_JOBS = "SELECT task_id, provider_job_id, polls FROM attempts WHERE task_id = ANY($1::uuid[])"


def run() -> Report:
    """Both providers, one after the other, on one stack; DashScope's limit holds on both sides."""
    report, settings = Report("discovery"), HOME.with_name("bench-providers.json")
    settings.write_text("{}")
    given = {"SIM_RENDER": "cached", "SIM_QUERY_QPS": str(POLLS_PER_SECOND)}
    given |= {"DISPATCHER_PROVIDERS_FILE": str(settings), "DISPATCHER_RELOAD_SECONDS": "0.5"}
    try:
        with Stage.open(given) as stage:
            settings.write_text(json.dumps({"dashscope": _dashscope(stage)}))
            account, key = stage.account(50_000_000)
            asyncio.run(_measure(stage, report, account, key))
    finally:
        settings.unlink()
    return report


def _dashscope(stage: Stage) -> dict[str, Any]:
    """The stack's own entry, and what the real provider allows."""
    return {
        "base_url": f"{stage.facts['simulator_url']}/dashscope/api/v1",
        "credentials": [{"id": "sim", "secret": "sim-key"}],
        "simulated": True,
        "polls_per_second": POLLS_PER_SECOND,
        "timeout_seconds": 6,
    }


async def _measure(stage: Stage, report: Report, account: str, key: str) -> None:
    await asyncio.sleep(2)  # the providers' file is read
    polled, polls = await _provider(stage, report, account, key, "dashscope")
    called, _ = await _provider(stage, report, account, key, "ark")
    throttled = await _throttled(stage)
    report.figures |= {
        "polling bound s": BOUND_SECONDS,
        "polls of a job": polls / TASKS,
        "polls answered 429": throttled,
    }
    report.ratios["p99 / bound"] = polled / BOUND_SECONDS
    report.at_most("dashscope: p99 s", polled, BOUND_SECONDS + 2)
    report.at_most("polls above the rate", throttled, 0)
    report.at_most("ark: p99 s", called, 3)
    report.holds("ledger check", *stage.proofs())


async def _provider(stage: Stage, report: Report, account: str, key: str, name: str) -> tuple[float, int]:
    """The 99th percentile of the delays in seconds, and how many polls there were."""
    gateway = await asyncpg.connect(stage.dsn("gateway"))
    before, watch = stage.cpu(), Watch(gateway, account, 0.1)
    try:
        await watch.begin()
        ends = _ends(time.time() + QUIET_SECONDS)
        await path.submit(stage.gateway, _maker(stage, key, WAYS[name], ends), TASKS)
        submitted_by = time.time()
        await watch.until(TASKS)
    finally:
        await gateway.close()
    done, polls = await _done(stage, name, list(watch.seen))
    delays = [at - done[task] for task, at in watch.seen.items() if task in done]
    spent = {each: value - before.get(each, 0.0) for each, value in stage.cpu().items()}
    report.figures |= {
        f"{name}: p50 s": percentile(delays, 0.5),
        f"{name}: p99 s": percentile(delays, 0.99),
        f"{name}: most s": max(delays),
        f"{name}: cpu ms per task": {each: round(value * 1000 / TASKS, 2) for each, value in spent.items()},
    }
    live = sum(at > submitted_by for at in done.values())
    succeeded = list(watch.statuses.values()).count("succeeded")
    report.holds(
        f"{name}: all live at once, all succeeded",
        f"{live} live, {len(delays)} done, {succeeded} succeeded",
        live == len(delays) == succeeded == TASKS,
    )
    return percentile(delays, 0.99), polls


def _ends(begin: float) -> Callable[[], float]:
    """Unix times at which jobs are to end."""
    chance = random.Random(20)
    return lambda: begin + chance.random() * SPREAD_SECONDS


def _maker(stage: Stage, key: str, request: dict[str, Any], ends: Callable[[], float]) -> Callable[[], bytes]:
    """Requests whose jobs take until their end."""

    def make() -> bytes:
        prompt = f"rain [sim:delay={ends() - time.time():.2f}]"
        body = {**request, "input": {**request["input"], "prompt": prompt}}
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid4().hex,
        }
        return http_load.post(stage.gateway, "/api/v1/tasks", json.dumps(body).encode(), headers)

    return make


async def _done(stage: Stage, provider: str, tasks: list[Any]) -> tuple[dict[Any, float], int]:
    """When each task's job was done at the provider, and how many polls there were."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        told = await http.get(f"{stage.facts['simulator_url']}/_control/log", params={"provider": provider})
    finished = {job["id"]: job["finished_at"] for job in told.json()["jobs"]}
    conn = await asyncpg.connect(stage.dsn("dispatcher"))
    try:
        attempts = await conn.fetch(_JOBS, tasks)
    finally:
        await conn.close()
    ours = [row for row in attempts if row["provider_job_id"] in finished]
    return {row["task_id"]: finished[row["provider_job_id"]] for row in ours}, sum(r["polls"] for r in ours)


async def _throttled(stage: Stage) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        told = await http.get(f"{stage.facts['simulator_url']}/_control/faults")
    return int(told.json()["made"].get("dashscope", {}).get("throttled", 0))
