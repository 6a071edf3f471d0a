"""25: a sweeper was first, or two of them, and the verdict comes later. The ledger alone ends holds, once."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from books_tools import settlements, short, sweep  # noqa: F401 -- a fixture
from contracts.ids import uuid7
from ledger.db import balances
from runtime_fixtures import until

from tests.ledger.conftest import a, module_ledger, say, t  # noqa: F401 -- fixtures

_WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.mark.parametrize("late", ["failed", "cancelled", "not_stored", "succeeded"])
async def test_fm25_a_verdict_after_the_sweep_moves_nothing_and_the_end_stays_true(
    short: Any,
    say: Any,
    a: UUID,
    t: UUID,
    late: str,
) -> None:
    """Taken out: both looks for an outcome that is there already, where a fact is heard (`merge`) and before
    it is decided. All four failed: the second end was refused by the books themselves (`release of 30 can't
    be posted`). One of the two alone is enough to pass.
    """
    await short.tell(say.grant(a, 100), say.request(a, t, 30))
    await sweep(short)
    facts = [getattr(say, late)(a, t)] + ([say.stored(a, t)] if late == "succeeded" else [])
    await short.tell(*facts)
    await short.tell(*facts)
    assert await settlements(short, a) == [("released", "hold_expired")]
    assert (await short.task(t))["outcome"] == "released"
    assert (await short.balance(a))[:2] == (100, 0)
    assert await short.transfers(a) == [("grant", 100), ("freeze", 30), ("expire", 30)]
    assert await short.check() == {}


async def test_fm25_sweepers_side_by_side_give_back_once(short: Any, say: Any, a: UUID) -> None:
    """Four have read the same holds before the first of them gives one back.

    Taken out: the look for an outcome in `expire`. The books refused the second (`expire of 30 can't be
    posted`).
    """
    tasks = [uuid7() for _ in range(10)]
    await short.tell(say.grant(a, 1000), *(say.request(a, task, 30) for task in tasks))
    async with short.db.transaction() as tx:
        await balances.lock(tx, {a}, set())
        sweepers = [asyncio.create_task(sweep(short)) for _ in range(4)]

        async def all_wait() -> bool:
            return bool(await short.db.pool.fetchval(_WAITING) == len(sweepers))

        await until(all_wait, "four sweepers with the holds in hand")
    await asyncio.gather(*sweepers)
    assert (await short.balance(a))[:2] == (1000, 0)
    assert await settlements(short, a) == [("released", "hold_expired")] * len(tasks)
    assert await short.check() == {}
