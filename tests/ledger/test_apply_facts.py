"""The use case on a real database: what each fact does to the money, and what the ledger says about it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from contracts.ids import uuid7
from ledger.db import balances, batches, tasks
from ledger.db.batches import LockBroken
from ledger.domain.batch import Batch


async def test_a_request_freezes_and_success_settles(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    await ledger.tell(say.grant(a, 100))
    await ledger.tell(say.request(a, t, 30))
    assert await ledger.balance(a) == (70, 30, 3)
    await ledger.tell(say.succeeded(a, t))
    assert await ledger.balance(a) == (70, 30, 3)
    await ledger.tell(say.stored(a, t))
    assert await ledger.balance(a) == (70, 0, 4)
    assert await ledger.transfers(a) == [("grant", 100), ("freeze", 30), ("settle", 30)]
    assert (await ledger.task(t))["outcome"] == "settled"
    assert not await ledger.check()


async def test_the_rest_of_a_hold_goes_back_when_it_cost_less(
    ledger: Any, say: Any, a: UUID, t: UUID
) -> None:
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30), say.succeeded(a, t, 12), say.stored(a, t))
    assert await ledger.balance(a) == (88, 0, 5)
    assert await ledger.transfers(a) == [("grant", 100), ("freeze", 30), ("settle", 12), ("release", 18)]
    (settled,) = await ledger.said(a, "task.settled")
    assert (settled["value"]["charged_micro"], settled["value"]["returned_micro"]) == (12, 18)
    assert settled["value"]["balance"] == {"available_micro": 88, "held_micro": 0, "version": 5}


async def test_no_more_than_the_hold_is_ever_charged(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30), say.succeeded(a, t, 99), say.stored(a, t))
    assert await ledger.balance(a) == (70, 0, 4)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("failed", "provider_failed"),
        ("cancelled", "cancelled"),
        ("not_stored", "storage_failed"),
    ],
)
async def test_a_failure_gives_the_whole_hold_back(
    ledger: Any, say: Any, a: UUID, t: UUID, how: str, reason: str
) -> None:
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30))
    if how == "not_stored":
        await ledger.tell(say.succeeded(a, t))
    await ledger.tell(getattr(say, how)(a, t))
    assert await ledger.balance(a) == (100, 0, 4)
    (settled,) = await ledger.said(a, "task.settled")
    assert (settled["value"]["outcome"], settled["value"]["reason"]) == ("released", reason)
    assert not await ledger.check()


async def test_a_failure_known_before_the_request_refuses_it(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    await ledger.tell(say.grant(a, 100), say.cancelled(a, t))
    assert await ledger.said(a, "task.settled") == []
    await ledger.tell(say.request(a, t, 30))
    assert await ledger.balance(a) == (100, 0, 2)
    (settled,) = await ledger.said(a, "task.settled")
    assert (settled["value"]["outcome"], settled["value"]["reason"]) == ("refused", "cancelled")
    assert await ledger.said(a, "credits.frozen") == []


async def test_a_request_past_its_deadline_is_refused(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    await ledger.tell(say.grant(a, 100))
    await ledger.tell(say.request(a, t, 30, deadline=datetime.now(UTC) - timedelta(seconds=1)))
    assert (await ledger.task(t))["reason"] == "deadline_exceeded"
    assert await ledger.balance(a) == (100, 0, 2)


async def test_an_unknown_account_is_refused_with_its_empty_balance(
    ledger: Any, say: Any, a: UUID, t: UUID
) -> None:
    await ledger.tell(say.request(a, t, 1))
    (settled,) = await ledger.said(a, "task.settled")
    assert settled["value"]["reason"] == "insufficient_credits"
    assert settled["value"]["balance"] == {"available_micro": 0, "held_micro": 0, "version": 1}
    assert not await ledger.check()


async def test_a_quote_of_zero_freezes_and_settles_without_a_transfer(
    ledger: Any, say: Any, a: UUID, t: UUID
) -> None:
    await ledger.tell(say.request(a, t, 0))
    await ledger.tell(say.succeeded(a, t), say.stored(a, t))
    assert await ledger.transfers(a) == []
    assert [e["topic"] for e in await ledger.said(a)] == ["credits.frozen", "task.settled"]
    assert not await ledger.check()


async def test_late_facts_change_nothing(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30), say.failed(a, t))
    before, said = await ledger.task(t), await ledger.said(a)
    await ledger.tell(say.succeeded(a, t), say.stored(a, t), say.cancelled(a, t))
    assert (await ledger.task(t), await ledger.said(a)) == (before, said)


async def test_redelivery_changes_nothing_failure_mode_7(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    facts = [say.grant(a, 100), say.request(a, t, 30), say.succeeded(a, t), say.stored(a, t)]
    for fact in facts:
        await ledger.tell(fact)
    said = await ledger.said(a)
    for fact in facts:
        await ledger.tell(fact)
        await ledger.tell(*facts)
    assert await ledger.balance(a) == (70, 0, 4)
    assert await ledger.said(a) == said


async def test_a_repeated_request_is_answered_with_the_stored_event(
    ledger: Any, say: Any, a: UUID, t: UUID
) -> None:
    other = uuid7()
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30))
    await ledger.tell(say.request(a, other, 20))
    await ledger.tell(say.request(a, t, 30, repeat=2), say.request(a, t, 30, repeat=2))
    first, _, again = await ledger.said(a, "credits.frozen")
    assert (again["event_id"], again["value"]) == (f"ledger:{t}:frozen:2", first["value"])
    assert again["traceparent"] == first["traceparent"] == "00-trace"
    await ledger.tell(say.failed(a, t))
    await ledger.tell(say.grant(a, 5), say.request(a, t, 30, repeat=3))
    first, again = await ledger.said(a, "task.settled")
    assert (again["event_id"], again["value"]) == (f"ledger:{t}:settled:3", first["value"])


async def test_a_repeat_that_comes_first_is_answered_once(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30, repeat=2))
    assert [e["event_id"] for e in await ledger.said(a, "credits.frozen")] == [f"ledger:{t}:frozen:1"]


async def test_a_grant_counts_once_and_says_the_balance(ledger: Any, say: Any, a: UUID) -> None:
    grant = say.grant(a, 100)
    await ledger.tell(grant, grant)
    await ledger.tell(grant)
    (changed,) = await ledger.said(a, "credits.changed")
    assert changed["value"]["balance"] == {"available_micro": 100, "held_micro": 0, "version": 2}
    assert changed["key"] == str(a)


async def test_a_take_back_never_overdraws_and_writes_off_what_is_not_there(
    ledger: Any, say: Any, a: UUID, t: UUID
) -> None:
    await ledger.tell(say.grant(a, 100), say.request(a, t, 60))
    await ledger.tell(say.grant(a, -70))
    assert await ledger.balance(a) == (0, 60, 5)
    assert (await ledger.transfers(a))[2:] == [("takeback", 40), ("writeoff", 30)]
    changed = (await ledger.said(a, "credits.changed"))[1]["value"]
    assert (changed["change_micro"], changed["written_off_micro"]) == (-40, 30)
    await ledger.tell(say.succeeded(a, t), say.stored(a, t))
    assert not await ledger.check()


async def test_test_credits_are_an_asset_of_their_own(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30, asset="test"))
    assert (await ledger.task(t))["reason"] == "insufficient_credits"
    again = uuid7()
    await ledger.tell(say.grant(a, 50, asset="test"))
    await ledger.tell(say.request(a, again, 30, asset="test"))
    await ledger.tell(say.succeeded(a, again))
    await ledger.tell(say.stored(a, again))
    assert await ledger.balance(a, "test") == (20, 0, 4)
    assert await ledger.balance(a) == (100, 0, 2)


async def test_every_fact_may_come_first(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    await ledger.tell(say.stored(a, t))
    await ledger.tell(say.succeeded(a, t, 10))
    await ledger.tell(say.grant(a, 100))
    await ledger.tell(say.request(a, t, 30))
    assert await ledger.balance(a) == (90, 0, 5)
    assert [e["topic"] for e in await ledger.said(a)] == ["credits.changed", "credits.frozen", "task.settled"]


async def test_a_task_of_another_account_is_an_error_not_a_move(
    ledger: Any, say: Any, a: UUID, t: UUID
) -> None:
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30))
    with pytest.raises(ValueError, match="another account"):
        await ledger.tell(say.failed(uuid7(), t))
    assert await ledger.balance(a) == (70, 30, 3)


async def test_an_amount_past_bigint_is_an_error_not_a_move(ledger: Any, say: Any, a: UUID) -> None:
    await ledger.tell(say.grant(a, 2**63 - 1))
    with pytest.raises((asyncpg.DataError, ValueError, TypeError)):
        await ledger.tell(say.grant(a, 1))
    assert await ledger.balance(a) == (2**63 - 1, 0, 2)


async def test_two_connections_racing_for_one_account_freeze_what_is_there(
    ledger: Any, say: Any, a: UUID
) -> None:
    await ledger.tell(say.grant(a, 100))
    ids = [uuid7() for _ in range(40)]
    await asyncio.gather(*(ledger.tell(say.request(a, task, 10)) for task in ids))
    assert await ledger.balance(a) == (0, 100, 12)
    outcomes = [(await ledger.task(task))["outcome"] for task in ids]
    assert (outcomes.count(None), outcomes.count("refused")) == (10, 30)
    assert not await ledger.check()


async def test_a_row_that_moved_under_the_lock_stops_the_batch(
    ledger: Any, say: Any, a: UUID, t: UUID
) -> None:
    async def work_on_what_is_gone() -> None:
        async with ledger.db.transaction() as tx:
            (balance,) = await balances.lock(tx, {a}, [])
            now, (task,) = await tasks.read(tx, [t])
            gone = replace(balance, version=balance.version + 5)
            batch = Batch([gone], [task], [], now=now, margin=timedelta(0))
            batch.take(say.failed(a, t))
            await batches.write(tx, batch)

    await ledger.tell(say.grant(a, 100), say.request(a, t, 30))
    with pytest.raises(LockBroken, match="0 of 1 balances"):
        await work_on_what_is_gone()
    assert await ledger.balance(a) == (70, 30, 3)
