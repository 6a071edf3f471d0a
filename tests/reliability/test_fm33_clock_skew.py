"""33: the services' clocks differ. Decisions are made by the clock of the database that owns the rows."""

import ast
import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from dispatcher_tools import Dispatcher, frozen, requested, until
from flow_tools import Customer, World, seedance
from reliability_tools import LONG
from stack import processes

ROOT = Path(__file__).parents[2]
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
OWN_CLOCK = {
    "callbacks/usecases/receive_webhook.py": "a signature's age: minutes are tolerated by the protocols",
    "callbacks/usecases/redeliver.py": "when a message for trying an endpoint was made: shown",
    "callbacks/outbound/post.py": "a Retry-After that is a date: turned into seconds to wait",
    "dispatcher/commands.py": "the end of a report that names none",
    "dispatcher/usecases/sign_in.py": "an assertion for a provider's token: theirs to check",
    "gateway/usecases/explain_attempts.py": "whether a slow task is explained yet: shown",
    "gateway/outbound/rate_store.py": "seconds until a limit is renewed: a header",
    "gateway/inbound/http/v1/usage.py": "the end of a report that names none",
    "gateway/inbound/http/v1/keys.py": "refuses an expiry that is past; the database decides who is let in",
    "gateway/inbound/http/openai/images.py": "`created` of an answer: shown",
    "ledger/usecases/keep_checking.py": "when the books were checked: shown",
    "storage/commands.py": "how old an orphan must be: hours",
    "storage/usecases/restore_results.py": "a field of tasks that have ended: read by nobody",
    "storage/outbound/spool.py": "how old a leftover on this disk must be: hours",
    "runtime/bus/dead_letters.py": "when a record was found bad: shown",
    "runtime/objects/direct_put.py": "the date of a signature: 15 minutes are tolerated",
    "runtime/measure.py": "a metric",
}
"""Who asks the machine for the time, and why it decides nothing between services."""


def _asks(path: Path) -> bool:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in CLOCKS:
            return True
    return False


def test_fm33_clock_skew_can_not_matter_where_nobody_asks_the_machine_for_the_time() -> None:
    """Taken out: the database's clock from `Job.overdue` of the dispatcher. Its `domain/job.py` was found
    among those that ask the machine.
    """
    sources = [*ROOT.glob("services/*/src/**/*.py"), *ROOT.glob("libs/runtime/src/**/*.py")]
    asking = {str(path).split("/src/")[1] for path in sources if _asks(path)}
    assert asking == set(OWN_CLOCK)


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
async def test_fm33_clock_skew_of_an_hour_moves_no_deadline(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch, skew: float
) -> None:
    """Taken out: the database's clock from `Job.overdue`. An hour behind, the slow task wasn't ended; an hour
    ahead, the quick one failed at once.
    """
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + skew)
    await dispatcher.start()
    slow, quick = requested("[sim:delay=600]", seconds=600), requested(seconds=600)
    await dispatcher.apply(slow, frozen(slow), quick, frozen(quick))
    assert (await dispatcher.completed(quick.task_id))["outcome"] == "succeeded"

    await until(lambda: dispatcher.submitted(slow.task_id))
    await dispatcher.time_passes(600, slow.task_id)
    assert (await dispatcher.completed(slow.task_id))["error_code"] == "deadline_exceeded"
    late = "SELECT extract(epoch FROM completed_at - deadline)::float8 FROM jobs WHERE task_id = $1"
    assert await dispatcher.db.pool.fetchval(late, slow.task_id) >= 0

    async def idle() -> bool:
        await dispatcher.db.pool.execute("UPDATE work SET due_at = now() WHERE NOT leased")
        return (await dispatcher.attempts(slow.task_id))[0]["orphan"] == "suspected"

    await until(idle)


HOUR = 3600
SIGNED = 14 * 60
"""The object store refuses what was signed more than 15 minutes off: then storage is unready."""
APART = {"gateway": HOUR, "ledger": -HOUR, "dispatcher": HOUR, "storage": -SIGNED, "callbacks": -HOUR}
AROUND = [{name: sign * abs(skew)} for name, skew in APART.items() for sign in (1, -1)] if LONG else []


@asynccontextmanager
async def clocks_apart(world: World, skews: Mapping[str, int]) -> AsyncIterator[None]:
    """The services as processes whose clocks are ahead by so many seconds."""
    were = {name: record.spec for name in skews if (record := processes.find(world.home, name))}

    async def anew(name: str, environment: Mapping[str, str]) -> None:
        await processes.stop(world.home, name)
        spec = replace(were[name], environment={**were[name].environment, **environment})
        await processes.start(world.home, spec)

    def ahead(name: str) -> Mapping[str, str]:
        folders = [str(Path(__file__).parent / "skewed"), os.environ.get("PYTHONPATH", "")]
        return {
            "PYTHONPATH": os.pathsep.join(filter(None, folders)),
            "CLOCK_AHEAD_SECONDS": str(skews[name]),
        }

    try:
        await asyncio.gather(*(anew(name, ahead(name)) for name in were))
        yield
    finally:
        await asyncio.gather(*(anew(name, {}) for name in were))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("skews", [APART, *AROUND], ids="-".join)
async def test_fm33_clock_skew_of_an_hour_between_all_services_ends_no_task_wrongly(
    world: World, skews: Mapping[str, int]
) -> None:
    """Five real processes, of which no two neighbours agree on the time by two hours.

    Taken out: the database's clock from `Job.overdue`. The dispatcher, an hour ahead, failed every task.
    """
    customer = await world.customer("100")
    async with clocks_apart(world, skews):
        overdue = await submitted(customer, deadline_seconds=10)
        cancelled = await submitted(customer)
        await customer.api.post(f"/api/v1/tasks/{cancelled}/cancel")
        assert (await customer.make(seedance("made by clocks apart")))["status"] == "succeeded"
        assert (await customer.finished(cancelled))["status"] == "cancelled"
        slow = await customer.finished(overdue)
        assert (slow["status"], slow["error"]["code"]) == ("failed", "deadline_exceeded")
        assert (await customer.credits())["held"] == 0
    await world.books_are_right()


async def submitted(customer: Customer, **wish: int) -> str:
    """A task that takes a minute at its provider."""
    accepted = await customer.submit({**seedance("[sim:delay=60]"), **wish})
    task: str = accepted.json()["task_id"]
    return task
