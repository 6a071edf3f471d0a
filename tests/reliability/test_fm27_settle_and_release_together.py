"""27: settle and release at the same moment, several times. A hold has one end."""

import asyncio
from typing import Any
from uuid import UUID

from contracts.ids import uuid7

from tests.ledger.conftest import a, ledger, say, shared_db, t  # noqa: F401 -- fixtures


async def test_fm27_facts_of_one_task_on_two_connections_settle_once(ledger: Any, say: Any) -> None:
    """Failed without `FOR UPDATE` in `db/balances.py` (LockBroken, or two transfers of one version), and
    without the test for an outcome in `decide` of `domain/decide.py` (`release of 30 can't be posted`).
    """
    for _ in range(10):
        account, task = uuid7(), uuid7()
        facts = [
            say.request(account, task, 30),
            say.succeeded(account, task),
            say.stored(account, task),
            say.failed(account, task),
        ]
        await ledger.tell(say.grant(account, 100))
        await asyncio.gather(*(ledger.tell(fact) for fact in [*facts, *facts]))
        available, held, _ = await ledger.balance(account)
        assert (available, held) in ((70, 0), (100, 0))
    assert not await ledger.check()


async def test_fm27_a_hundred_ends_of_a_hold_are_one(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    """Failed without the test for an outcome in `decide` of `domain/decide.py`, and without `FOR UPDATE`."""
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30), say.stored(a, t))
    ends = [say.succeeded(a, t), say.failed(a, t), say.cancelled(a, t), say.not_stored(a, t)] * 25
    await asyncio.gather(*(ledger.tell(fact) for fact in ends))
    assert len(await ledger.said(a, "task.settled")) == 1
    assert (await ledger.balance(a))[:2] in ((70, 0), (100, 0))
    assert [kind for kind, _ in await ledger.transfers(a)][:2] == ["grant", "freeze"]
    assert len(await ledger.transfers(a)) == 3
    assert not await ledger.check()
