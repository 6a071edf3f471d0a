"""26: a timer is lost with its queue. There is none: what is due, and when, are columns in Postgres."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from books_tools import settlements, short, sweep  # noqa: F401 -- a fixture
from dispatcher_tools import Dispatcher, frozen, requested, until
from ledger.usecases.apply_facts import ApplyFacts
from runtime.db import Database
from runtime.outbox.recorder import Outbox

from tests.ledger.conftest import Ledger, a, module_ledger, say, t  # noqa: F401 -- fixtures


async def test_fm26_a_ledger_that_knows_nothing_gives_back_what_is_past_its_time(
    short: Any,
    say: Any,
    a: UUID,
    t: UUID,
) -> None:
    """Whoever made the hold is gone, and with it all that wasn't committed.

    Failed with a hold that was written without its own end (`expires_at` never): the new ledger found nothing
    to give back.
    """
    await short.tell(say.grant(a, 100), say.request(a, t, 30))
    db = Database(short.db.dsn, name="another-ledger", pool_size=2)
    await db.start()
    try:
        heir = Ledger(db)
        heir.apply = ApplyFacts(Outbox("ledger"), hold_margin=timedelta(hours=24))
        assert await sweep(heir) == 1
    finally:
        await db.stop()
    assert await settlements(short, a) == [("released", "hold_expired")]
    assert (await short.balance(a))[:2] == (100, 0)


async def test_fm26_a_task_ends_at_its_deadline_although_all_who_knew_it_died(dispatcher: Dispatcher) -> None:
    """Failed with a work row that was made only when request and hold were both known: a task never ended."""
    first = await dispatcher.start()
    waits = requested(seconds=600)  # its hold never comes
    runs = requested("[sim:delay=600]", seconds=600)
    await dispatcher.apply(waits, runs, frozen(runs))
    await until(lambda: dispatcher.said(runs.task_id, "task.progress"))
    await dispatcher.kill(first)
    await dispatcher.time_passes(600, waits.task_id, runs.task_id)
    await dispatcher.start()
    for request in (waits, runs):
        done = await dispatcher.completed(request.task_id)
        assert (done["outcome"], done["error_code"]) == ("failed", "deadline_exceeded")
