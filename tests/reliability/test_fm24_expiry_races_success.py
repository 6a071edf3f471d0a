"""24: a hold expires while its task succeeds. Both change one row under one lock; one of them is second."""

import asyncio
from typing import Any

from books_tools import settlements, short, sweep  # noqa: F401 -- a fixture
from contracts import codes
from contracts.ids import uuid7
from dispatcher_tools import Dispatcher, frozen, requested, settled, until
from reliability_tools import LONG

from tests.ledger.conftest import module_ledger, say  # noqa: F401 -- fixtures

ROUNDS = 1000 if LONG else 20


async def test_fm24_of_expiry_and_success_exactly_one_counts(short: Any, say: Any) -> None:
    """Should fail without the test for an outcome that is there already in `domain/decide.py`.

    It ended twice.
    """
    ends = set()
    for _ in range(ROUNDS):
        account, task = uuid7(), uuid7()
        await short.tell(say.grant(account, 100), say.request(account, task, 30))
        await asyncio.gather(
            sweep(short),
            short.tell(say.succeeded(account, task), say.stored(account, task)),
            sweep(short),
        )
        (end,) = await settlements(short, account)
        available, held, _ = await short.balance(account)
        assert (end[0], available, held) in {("settled", 70, 0), ("released", 100, 0)}
        ends.add(end)
    assert ends <= {("settled", codes.COMPLETED), ("released", codes.HOLD_EXPIRED)}
    assert await short.check() == {}


async def test_fm24_a_success_after_the_release_is_an_orphan_without_an_event(dispatcher: Dispatcher) -> None:
    """Should fail without `settled_at IS NULL` in `db/records.py`. It was said to have succeeded."""
    await dispatcher.start()
    request = requested("[sim:delay=2]")
    await dispatcher.apply(request, frozen(request))
    await until(lambda: dispatcher.said(request.task_id, "task.progress"))
    await dispatcher.apply(settled(request))

    async def confirmed() -> bool:
        await dispatcher.db.pool.execute("UPDATE work SET due_at = now() WHERE NOT leased")
        return [each["orphan"] for each in await dispatcher.attempts(request.task_id)] == ["confirmed"]

    await until(confirmed)
    assert await dispatcher.said(request.task_id, "provider.completed") == []
