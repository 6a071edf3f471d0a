"""`scale`: a prefilled backlog worked off with 1, 2 and 4 processes of every service."""

import asyncio
import signal
import time
from dataclasses import dataclass

import asyncpg

from bench import path
from bench.figures import Report
from bench.rounds import pick
from bench.stage import Stage
from bench.submit import maker

NUMBERS = (1, 2, 4)
TASKS = pick(3000, 400)
WARM_UP = pick(300, 100)
SERVICES = ("gateway", "dispatcher", "storage", "callbacks", "ledger")


@dataclass(frozen=True)
class Worked:
    """What a backlog took: tasks per second, CPU milliseconds per task, by service and in all."""

    rate: float
    cpu: dict[str, float]

    @property
    def all_cpu(self) -> float:
        """CPU milliseconds per task, servers included."""
        return sum(self.cpu.values())


def run() -> Report:
    """One stack for each number, each with the same backlog."""
    report, found = Report("scale"), {}
    for number in NUMBERS:
        with Stage.open(path.ANYTIME) as stage:
            account, key = stage.account(50_000_000)
            found[number] = asyncio.run(_measure(stage, report, account, key, number))
    one = found[1]
    for number, worked in found.items():
        report.figures[f"{number}: tasks per second"] = worked.rate
        report.figures[f"{number}: cpu ms per task"] = worked.cpu
        report.figures[f"{number}: cpu ms per task, all"] = worked.all_cpu
    for number in NUMBERS[1:]:
        cost, rate = found[number].all_cpu / one.all_cpu, found[number].rate / one.rate
        report.ratios |= {f"cost {number} / 1": cost, f"throughput {number} / 1": rate}
        report.at_most(f"cost {number} / 1", cost, 1.3)
        report.at_least(f"throughput {number} / 1", rate, 0.9)
    return report


async def _measure(stage: Stage, report: Report, account: str, key: str, number: int) -> Worked:
    """Warm up, start so many of each, hold the ledger still while the backlog is made, and let it go."""
    gateway = await asyncpg.connect(stage.dsn("gateway"))
    try:
        ledgers = _all_of_each(stage, number)
        await path.submit(stage.gateway, maker(stage, key), WARM_UP)
        await path.all_final(gateway, account)
        stage.signal(signal.SIGSTOP, *ledgers)
        try:
            await path.submit(stage.gateway, maker(stage, key), TASKS)
        finally:
            stage.signal(signal.SIGCONT, *ledgers)
        worked = await _work_off(stage, gateway, account)
        await path.audit(stage, report, gateway, account, f"{number}: ")
    finally:
        await gateway.close()
    return worked


def _all_of_each(stage: Stage, number: int) -> list[str]:
    """Start the processes that there aren't yet; the ledger's names."""
    more = {service: [stage.start_more(service, n) for n in range(2, number + 1)] for service in SERVICES}
    return ["ledger", *more["ledger"]]


async def _work_off(stage: Stage, gateway: asyncpg.Connection, account: str) -> Worked:
    cpu, done, began = stage.cpu(), await path.final(gateway, account), time.perf_counter()
    await path.all_final(gateway, account)
    seconds, count = time.perf_counter() - began, await path.final(gateway, account) - done
    spent = {name: value - cpu.get(name, 0.0) for name, value in stage.cpu().items()}
    return Worked(count / seconds, _by_service(spent, count))


def _by_service(spent: dict[str, float], count: int) -> dict[str, float]:
    """The processes of a service together."""
    found: dict[str, float] = {}
    for name, seconds in spent.items():
        service = name.split("-")[0]
        found[service] = found.get(service, 0.0) + seconds * 1000 / count
    return {name: round(value, 2) for name, value in found.items()}
