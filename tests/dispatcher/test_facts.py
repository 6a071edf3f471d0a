"""Facts in any order, once or often, in one batch or many, lead to the same rows."""

from typing import Any

import pytest
from dispatcher.domain.facts import Reported
from dispatcher_tools import Dispatcher, deleted, frozen, requested, settled

pytestmark = pytest.mark.stack

_JOBS = "SELECT * FROM jobs ORDER BY task_id"


async def rows(dispatcher: Dispatcher) -> list[dict[str, Any]]:
    found = [dict(row) for row in await dispatcher.db.pool.fetch(_JOBS)]
    return [{name: value for name, value in row.items() if name != "created_at"} for row in found]


async def test_a_repeat_writes_nothing(dispatcher: Dispatcher) -> None:
    request = requested()
    await dispatcher.apply(request, frozen(request))
    before = await dispatcher.db.pool.fetchval("SELECT xmin::text FROM jobs")
    await dispatcher.apply(request, frozen(request), frozen(request))
    assert await dispatcher.db.pool.fetchval("SELECT xmin::text FROM jobs") == before


async def test_a_hold_alone_waits_for_the_deadline(dispatcher: Dispatcher) -> None:
    await dispatcher.apply(frozen(requested(seconds=100)))
    left = await dispatcher.db.pool.fetchval("SELECT extract(epoch FROM due_at - now())::int FROM work")
    assert 90 <= left <= 100


async def test_a_settled_task_gets_no_work(dispatcher: Dispatcher) -> None:
    request = requested()
    await dispatcher.apply(settled(request, "refused"))
    await dispatcher.apply(request, frozen(request))
    assert await dispatcher.work_rows() == 0


async def test_webhooks_for_tasks_nobody_knows_are_harmless(dispatcher: Dispatcher) -> None:
    request = requested()
    await dispatcher.apply(Reported("ark", request.task_id, request.account_id, 1, "j", True))
    await dispatcher.apply(Reported("ark", None, None, None, "j", True))
    assert await dispatcher.work_rows() == 0


async def test_a_deleted_tasks_input_is_forgotten_whenever_it_is_told_of(dispatcher: Dispatcher) -> None:
    early, late, together = requested(), requested(), requested()
    await dispatcher.apply(early, settled(early))
    await dispatcher.apply(deleted(early))
    await dispatcher.apply(deleted(late))
    await dispatcher.apply(late)
    await dispatcher.apply(deleted(together), together)
    found = await dispatcher.db.pool.fetch("SELECT input FROM jobs")
    assert [row["input"] for row in found] == [{}, {}, {}]


async def test_a_deleted_task_is_never_submitted(dispatcher: Dispatcher) -> None:
    """The ledger's last word may be read after the deletion."""
    request = requested()
    await dispatcher.apply(request, frozen(request), deleted(request))
    assert await dispatcher.db.pool.fetchval("SELECT count(*) FROM work") == 0
