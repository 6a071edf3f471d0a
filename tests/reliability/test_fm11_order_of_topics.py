"""11: events of several topics come in any order, and more than once: the same rows come of them.

In memory the same holds for `decide` of the ledger and the gateway's projection (their own tests).
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from contracts.ids import uuid7
from dispatcher.domain.facts import Fact, Reported
from dispatcher_tools import Dispatcher, cancel, deleted, frozen, requested, settled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger.domain import facts as ledger_facts
from ledger.domain.task import Request, Verdict
from ledger.usecases.apply_facts import ApplyFacts
from runtime.db import Database
from runtime.outbox.recorder import Outbox

_JOBS = "SELECT * FROM jobs ORDER BY task_id"
_OUTCOMES = "SELECT outcome, reason, charged_micro FROM tasks"
FUNDS, QUOTE, ACTUAL = 1_000_000, 300, 120


def of_task(account: UUID, task: UUID) -> dict[str, ledger_facts.Fact]:
    """What the ledger hears of a task that succeeds, by topic."""
    now = datetime.now(UTC)
    request = Request("credit", QUOTE, now, now + timedelta(hours=1), "00-trace")
    return {
        "task.requested": ledger_facts.Requested(task, account, now, request, 1),
        "provider.completed": ledger_facts.Completed(
            task, account, now, Verdict("succeeded", actual_micro=ACTUAL)
        ),
        "asset.stored": ledger_facts.Stored(task, account, now, "stored"),
    }


async def test_fm11_every_order_with_every_repeat_settles_each_task_once_for_the_same_money(
    open_db: Callable[[str], Awaitable[Database]],
) -> None:
    """Seen to fail with a ledger that drops what it hears before the request, and with one that doesn't look
    again at what it knew already when the hold stands: tasks without an outcome.
    """
    db, account = await open_db("ledger"), uuid7()
    apply = ApplyFacts(Outbox("ledger"), hold_margin=timedelta(hours=24))
    grant = ledger_facts.Granted(uuid7(), account, datetime.now(UTC), "credit", FUNDS, "topup", "a test")
    tasks = 0
    steps: list[list[ledger_facts.Fact]] = [[], [], [], []]
    for repeated in ("task.requested", "provider.completed", "asset.stored"):
        for order in {*permutations(["task.requested", "provider.completed", "asset.stored", repeated])}:
            told, tasks = of_task(account, uuid7()), tasks + 1
            for step, topic in zip(steps, order, strict=True):
                step.append(told[topic])
    for step in ([grant, grant], *steps):  # a transaction for each place in the order, all tasks in each
        async with db.transaction() as tx:
            await apply(tx, step)
    ends = [tuple(row) for row in await db.pool.fetch("SELECT outcome, charged_micro FROM tasks")]
    assert ends == [("settled", ACTUAL)] * tasks
    money = await db.pool.fetchrow("SELECT available_micro, held_micro FROM balances")
    assert tuple(money) == (FUNDS - tasks * ACTUAL, 0)
    said = "SELECT count(*) FROM outbox WHERE topic = 'task.settled'"
    assert await db.pool.fetchval(said) == tasks


async def jobs(dispatcher: Dispatcher) -> list[dict[str, Any]]:
    found = [dict(row) for row in await dispatcher.db.pool.fetch(_JOBS)]
    return [{name: value for name, value in row.items() if name != "created_at"} for row in found]


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_fm11_any_order_and_repetition_makes_the_same_jobs(
    dispatcher: Dispatcher, data: st.DataObject
) -> None:
    """Seen to fail with a hold that is dropped before its request: a job without it. And without the nudge of
    the work row that an earlier fact had made: a task that was cancelled, due at its deadline only.
    """
    one, two, three, gone = requested(), requested(), requested(), requested()
    facts: list[Fact] = [
        one,
        frozen(one),
        two,
        frozen(two),
        settled(two),
        three,
        frozen(three),
        cancel(three),
        gone,
        frozen(gone),
        settled(gone),
        deleted(gone),
    ]
    facts.append(Reported("ark", one.task_id, one.account_id, 1, "cgt-x", True))
    await dispatcher.db.pool.execute("TRUNCATE jobs, attempts, work")
    await dispatcher.apply(*facts)
    expected = await jobs(dispatcher)
    await dispatcher.db.pool.execute("TRUNCATE jobs, attempts, work")
    shuffled = data.draw(st.permutations(facts + data.draw(st.lists(st.sampled_from(facts), max_size=4))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=3)))
    for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True):
        if shuffled[start:end]:
            await dispatcher.apply(*shuffled[start:end])
    for row in (found := await jobs(dispatcher)):
        row["traceparent"] = expected[0]["traceparent"]
    assert [{**row, "traceparent": expected[0]["traceparent"]} for row in expected] == found
    due = await dispatcher.db.pool.fetch("SELECT id FROM work WHERE due_at <= now()")
    assert {one.task_id, three.task_id} <= {row["id"] for row in due}
