"""One run: begin, load and faults side by side, heal, wait for quiet, audit."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
from contracts.topics import read_by
from runtime.bus.topic_ids import topic_ids

from chaos import books, coverage, evidence
from chaos.crossing import Crossing
from chaos.faults import Nemesis
from chaos.history import History
from chaos.load import Load, load_of
from chaos.receiver import Receiver
from chaos.remedies import REMEDIES, Remedy
from chaos.report import Report
from chaos.schedule import SERVICES, Fault, digest, schedule
from chaos.stage import HOLD_MARGIN_SECONDS, TASK_DEADLINE_SECONDS, Stage

QUIET_SECONDS = TASK_DEADLINE_SECONDS + HOLD_MARGIN_SECONDS + 60.0
"""The last task's deadline, its hold's margin, and a minute for what is slow."""
_GLANCE_SECONDS = 1.0
_OPEN = "SELECT count(*) FROM tasks WHERE finished_at IS NULL"
_UNSENT = """
SELECT count(*) FROM outbox o, outbox_cursor c
WHERE c.name = 'relay' AND (o.epoch, o.txid, o.id) > (c.epoch, c.txid, c.id)
"""
_HANDLED = "SELECT topic_id, partition, next_offset FROM consumer_offsets"
# At once what production leaves alone for days: nothing is on its way any more, so nothing is too young.
_SWEEP = """
import asyncio
from storage import commands
from storage.settings import Settings
from storage.usecases.sweep_orphans import UNHEARD_OF
hours = -UNHEARD_OF.total_seconds() / 3600
print(asyncio.run(commands.sweep(Settings(), hours, delete=True, say=lambda _: None)))
"""
_COPYING = "SELECT count(*) FROM work"


@dataclass
class Run:
    """What one run is about and what it learns."""

    seed: int
    minutes: float
    without: str | None = None
    calm: bool = False
    history: History = field(default_factory=History)
    glances: Counter[str] = field(default_factory=Counter)

    @property
    def remedy(self) -> Remedy | None:
        """What this run does without."""
        return REMEDIES[self.without] if self.without else None

    async def __call__(self) -> Report:
        """Do all of it."""
        faults = [] if self.calm else schedule(self.seed, self.minutes)
        report = Report(self.seed, self.minutes, digest(faults), self.without)
        if self.remedy is not None:
            faults = sorted([*faults, *self.remedy.faults])
        print(f"seed {self.seed}, {self.minutes:g} min, schedule {report.schedule}, {len(faults)} faults")
        begun = time.monotonic()
        receiver = Receiver()
        address = f"127.0.0.1:{await receiver.start()}"
        stage = await Stage.open(address, self.without)
        try:
            print(f"          the stack serves after {time.monotonic() - begun:.0f} s", flush=True)
            async with load_of(stage, self.history, self.seed, f"http://{address}/hook") as load:
                await self._under_load(stage, load, faults, report)
            report.figures["webhooks that customers got"] = (
                f"{len(receiver.seen)}, {sum(receiver.seen.values())} times"
            )
        finally:
            await stage.close()
            receiver.stop()
        report.figures["seconds in all"] = round(time.monotonic() - begun)
        return report

    async def _under_load(self, stage: Stage, load: Load, faults: list[Fault], report: Report) -> None:
        if self.remedy is not None and self.remedy.sql:
            await stage.alter(self.remedy.service, self.remedy.sql)
        await load.begin()
        nemesis = Nemesis(stage, load.operator, load.busy, self.seed)
        async with self._glancing(stage):
            async with asyncio.TaskGroup() as together:
                harm = together.create_task(nemesis.run(faults))
                await load.run(self.minutes * 60, harm.done)
            print("          healing", flush=True)
            await nemesis.heal()
            healed = time.monotonic()
            await load.end()
            quiet, stuck = await self._quiet(stage, healed)
        report.faults = nemesis.told
        await self._audit(stage, load, nemesis, report, (quiet, stuck))

    @contextlib.asynccontextmanager
    async def _glancing(self, stage: Stage) -> AsyncIterator[None]:
        """Look at the totals all the time: they must be right at any moment."""
        dsn = str(stage.facts["postgres"]["ledger"])

        async def look() -> None:
            while True:
                await asyncio.sleep(_GLANCE_SECONDS)
                with contextlib.suppress(
                    OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError
                ):
                    self.glances[await books.glance(dsn) or "right"] += 1

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()

    async def _quiet(self, stage: Stage, since: float) -> tuple[float | None, str]:
        """Wait until nothing is left to do; the seconds it took, or what is left."""
        left = "nothing was looked at"
        bound = QUIET_SECONDS if self.remedy is None else TASK_DEADLINE_SECONDS + HOLD_MARGIN_SECONDS
        while time.monotonic() - since < bound:
            left = await restlessness(stage)
            if not left:
                return time.monotonic() - since, ""
            await asyncio.sleep(1)
        return None, left

    async def _audit(
        self, stage: Stage, load: Load, nemesis: Nemesis, report: Report, quiet: tuple[float | None, str]
    ) -> None:
        print("          auditing", flush=True)
        swept = await stage.python("storage", _SWEEP)
        found = await evidence.gather(stage)
        for account, api in load.apis.items():
            found.documents |= {each["task_id"]: each for each in await api.tasks()}
            found.movements[account] = await api.movements()
            found.credits[account] = (await api.surely("GET", "/api/v1/credits")).json()
        read = await books.read(str(stage.facts["postgres"]["ledger"]))
        code, said = await stage.command("ledger", "check")
        report.findings = books.prove(read, self.history.granted, self.glances)
        if code:
            guilty = next((each for each in report.findings if each.wrong), report.findings[0])
            guilty.wrong.append(f"`ledger check` says: {said[-400:]}")
        crossing = Crossing(self.history, read, found, nemesis.poisoned)
        report.findings += crossing.findings(*quiet, stage.brought_back)
        report.conditions = coverage.conditions(self.history, read, found, stage.logged())
        report.figures |= self._figures(nemesis, swept)

    def _figures(self, nemesis: Nemesis, swept: str) -> dict[str, object]:
        killed = {name: nemesis.killed_in_flight[name] for name in SERVICES}
        return {
            "requests": len(self.history.asked),
            "accepted": len(self.history.accepted),
            "answers that clients saw": dict(self.history.seen),
            "killed with work in hand": killed,
            "never killed with work in hand": [name for name, many in killed.items() if not many],
            "objects without a row, removed by the sweep": swept.strip().splitlines()[-1:],
        }


async def restlessness(stage: Stage) -> str:
    """What there is still to do, in words; nothing when it is quiet."""
    if unfinished := await stage.value("gateway", _OPEN):
        return f"{unfinished} tasks are not final"
    if copying := await stage.value("storage", _COPYING):
        return f"storage has {copying} tasks' results in hand"
    unsent = {name: await stage.value(name, _UNSENT) for name in SERVICES}
    if any(unsent.values()):
        return f"unsent events: {unsent}"
    return await _unheard(stage)


async def _unheard(stage: Stage) -> str:
    """A reader that isn't at the end of what it reads."""
    bootstrap = str(stage.facts["kafka_bootstrap"])
    ends = await evidence.ends(bootstrap)
    names = dict(await topic_ids(bootstrap, {topic for topic, _ in ends}))
    for service in SERVICES:
        rows = await stage.rows(service, _HANDLED)
        handled = {(r["topic_id"], r["partition"]): r["next_offset"] for r in rows}
        for topic in read_by(service):
            behind = [
                p for (t, p), end in ends.items() if t == topic.name and handled.get((names[t], p), 0) < end
            ]
            if behind:
                return f"{service} is behind on {topic.name}"
    return ""
