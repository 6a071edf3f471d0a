"""`memory`: what each service takes of it: idle, under `path`, and storage with four large files at once."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
from contracts.events import Output, ProviderCompleted
from contracts.ids import uuid7

from bench import bus, path
from bench.big_files import big_files
from bench.figures import Report
from bench.rounds import pick
from bench.stage import Stage

SERVICES = ("gateway", "ledger", "dispatcher", "callbacks", "storage")
MOST_IDLE = {"storage": 180}
"""In MB; 130 for the others."""
FILES = 4
FILE_BYTES = pick(10**9, 10**8)
LOAD_SECONDS = pick(20, 6)
_ENDED = "SELECT count(*) FROM tasks WHERE ended_at IS NOT NULL AND task_id = ANY($1::uuid[])"
_STORED = """
SELECT count(*) FROM copies c JOIN tasks t USING (task_id)
WHERE t.outcome = 'stored' AND c.size_bytes = $2 AND t.task_id = ANY($1::uuid[])
"""


def run() -> Report:
    """Everything up: first nobody comes, then the load of `path`, then large results."""
    with Stage.open(path.ANYTIME) as stage:
        idle = stage.rss()
        account, key = stage.account(50_000_000)
        return asyncio.run(_measure(stage, idle, account, key))


async def _measure(stage: Stage, idle: dict[str, float], account: str, key: str) -> Report:
    report = Report("memory")
    loaded = await _under_load(stage, account, key)
    most = await _large(stage, report)
    report.figures = {
        "idle MB": _of_services(idle),
        "MB under load": _of_services(loaded),
        f"storage MB, {FILES} x {FILE_BYTES / 1e9:g} GB": most,
    }
    for name in SERVICES:
        report.at_most(f"{name} MB idle", idle[name], MOST_IDLE.get(name, 130))
    report.at_most("storage MB copying", most, 260)
    return report


def _of_services(found: dict[str, float]) -> dict[str, int]:
    return {name: round(found[name]) for name in SERVICES}


async def _under_load(stage: Stage, account: str, key: str) -> dict[str, float]:
    gateway = await asyncpg.connect(stage.dsn("gateway"))
    try:
        await path.keep_in_flight(stage, key, gateway, account, LOAD_SECONDS)
        loaded = stage.rss()
        await path.all_final(gateway, account)
    finally:
        await gateway.close()
    return loaded


async def _large(stage: Stage, report: Report) -> float:
    """The most memory that storage had while it copied large files, all at once, in MB."""
    tasks = [uuid7() for _ in range(FILES)]
    async with big_files(FILE_BYTES) as host:
        stage.stop("storage")
        stage.start("storage", {"STORAGE_ALLOWED_HOSTS": host})
        await bus.send(stage.kafka, _completed(tasks, host))
        most = await _most_until_ended(stage, tasks)
    stored = await stage.value("storage", _STORED, tasks, FILE_BYTES)
    report.holds("large files stored whole", f"{stored} of {FILES}", stored == FILES)
    return most


async def _most_until_ended(stage: Stage, tasks: list[UUID], seconds: float = 500) -> float:
    most = 0.0
    async with asyncio.timeout(seconds):
        while await stage.value("storage", _ENDED, tasks) < FILES:
            most = max(most, stage.rss()["storage"])
            await asyncio.sleep(0.1)
    return most


def _completed(tasks: list[UUID], host: str) -> Iterator[bus.Said]:
    for task in tasks:
        event = ProviderCompleted(
            task_id=task,
            account_id=uuid4(),
            attempt=1,
            outcome="succeeded",
            model="doubao-seedance-2-0-fast",
            outputs=[Output(index=0, kind="video", url=f"http://{host}/{task}.mp4")],
            provider="ark",
            protocol="ark",
            credential_id="sim",
            completed_at=datetime.now(UTC),
        )
        yield event, str(task), "completed"
