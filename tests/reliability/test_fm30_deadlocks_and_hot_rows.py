"""30: deadlocks, serialization failures, one hot row. There is one order of locks."""

import asyncio
from typing import Any
from uuid import UUID

from contracts.ids import uuid7

from tests.ledger.conftest import a, ledger, say, shared_db  # noqa: F401 -- fixtures


async def test_fm30_accounts_met_in_opposite_orders_do_not_deadlock(ledger: Any, say: Any) -> None:
    """Failed without `ORDER BY` in the lock of `db/balances.py`: DeadlockDetectedError."""
    accounts = [uuid7() for _ in range(30)]
    await ledger.tell(*(say.grant(account, 1) for account in accounts))
    orders = [accounts, accounts[::-1]] * 12
    await asyncio.gather(*(ledger.tell(*(say.grant(a, 1) for a in order)) for order in orders))
    assert {await ledger.balance(account) for account in accounts} == {(25, 0, 26)}


async def test_fm30_everybody_at_one_account_waits_and_nobody_fails(
    ledger: Any,
    say: Any,
    a: UUID,
) -> None:
    """Failed without `FOR UPDATE` in the lock of `db/balances.py`: two transfers of one version."""
    await ledger.tell(say.grant(a, 100))
    tasks = [uuid7() for _ in range(60)]
    await asyncio.gather(*(ledger.tell(say.request(a, task, 2)) for task in tasks))
    assert (await ledger.balance(a))[:2] == (0, 100)
    outcomes = [(await ledger.task(task))["outcome"] for task in tasks]
    assert (outcomes.count(None), outcomes.count("refused")) == (50, 10)
    assert not await ledger.check()
