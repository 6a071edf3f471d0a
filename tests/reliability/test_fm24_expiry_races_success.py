"""24: a hold expires while its task succeeds. Both change one row under one lock; one of them is second."""

import asyncio
from typing import Any

import pytest
from books_tools import settlements, short, sweep  # noqa: F401 -- a fixture
from contracts import codes
from contracts.ids import uuid7
from dispatcher.domain.job import Attempt, Change, Job
from dispatcher.usecases import handle_job
from dispatcher.usecases.desk import Desk, Lease
from dispatcher_tools import Dispatcher, frozen, requested, settled, until
from reliability_tools import LONG

from tests.ledger.conftest import module_ledger, say  # noqa: F401 -- fixtures

ROUNDS = 1000 if LONG else 20


async def test_fm24_of_expiry_and_success_exactly_one_counts(short: Any, say: Any) -> None:
    """Failed without the test for an outcome that is there already in `domain/decide.py`'s `merge`, `decide`
    and `expire`, each alone, and without `FOR UPDATE` in `db/balances.py`: the second end was refused by the
    books themselves (`settle of 30 can't be posted`, LockBroken, UniqueViolationError).
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


async def test_fm24_a_success_after_the_release_is_an_orphan_without_an_event(
    dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release is heard between the provider's answer and its record.

    Failed without `settled_at IS NULL` in `db/records.py`: the success counted, and nobody saw an orphan. A
    release that is heard before the provider is asked: `tests/dispatcher/test_any_word.py`.
    """
    request, ask = requested(), handle_job.poll_attempt

    async def released_meanwhile(desk: Desk, job: Job, attempt: Attempt, lease: Lease) -> Change:
        change = await ask(desk, job, attempt, lease)
        if change.completion is not None:
            await dispatcher.apply(settled(request))
        return change

    monkeypatch.setattr(handle_job, "poll_attempt", released_meanwhile)
    await dispatcher.start()
    await dispatcher.apply(request, frozen(request))

    async def confirmed() -> bool:
        return [each["orphan"] for each in await dispatcher.attempts(request.task_id)] == ["confirmed"]

    await until(confirmed)
    assert await dispatcher.said(request.task_id, "provider.completed") == []
