"""25: a sweeper was first, or two of them, and the verdict comes later. The ledger alone ends holds, once."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from books_tools import settlements, short, sweep  # noqa: F401 -- a fixture
from contracts.ids import uuid7

from tests.ledger.conftest import a, module_ledger, say, t  # noqa: F401 -- fixtures


@pytest.mark.parametrize("late", ["failed", "cancelled", "not_stored", "succeeded"])
async def test_fm25_a_verdict_after_the_sweep_moves_nothing_and_the_end_stays_true(
    short: Any,
    say: Any,
    a: UUID,
    t: UUID,
    late: str,
) -> None:
    """Should fail without the test for an outcome that is there already in `domain/decide.py`.

    Given back twice.
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
    """Should fail without the same. Each sweeper gave back what it had seen."""
    tasks = [uuid7() for _ in range(10)]
    await short.tell(say.grant(a, 1000), *(say.request(a, task, 30) for task in tasks))
    await asyncio.gather(*(sweep(short) for _ in range(4)))
    assert (await short.balance(a))[:2] == (1000, 0)
    assert await settlements(short, a) == [("released", "hold_expired")] * len(tasks)
    assert await short.check() == {}
