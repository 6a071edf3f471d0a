"""The rules of money, pure: in any order and however often the facts come, the money ends the same."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.domain.batch import Batch, Change, Closed
from ledger.domain.books import ROUTES, Balance, Cause, entries_of_grant, post
from ledger.domain.decide import Close, expire, merge
from ledger.domain.facts import Completed, Expired, Fact, Granted, Requested, Stored
from ledger.domain.task import Hold, Request, Task, Verdict

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MARGIN = timedelta(hours=24)
ACCOUNT, TASK = uuid4(), uuid4()

FUNDS, QUOTE, ACTUAL = 1000, 300, 120


def request(
    *, deadline: datetime = NOW + timedelta(hours=1), quote: int = QUOTE, repeat: int = 1
) -> Requested:
    return Requested(TASK, ACCOUNT, NOW, Request("credit", quote, NOW, deadline), repeat)


REQUEST = request()
SUCCEEDED = Completed(TASK, ACCOUNT, NOW, Verdict("succeeded", actual_micro=ACTUAL))
FAILED = Completed(TASK, ACCOUNT, NOW, Verdict("failed", "content_refused"))
CANCELLED = Completed(TASK, ACCOUNT, NOW, Verdict("cancelled", "whatever"))
STORED = Stored(TASK, ACCOUNT, NOW, "stored")
NOT_STORED = Stored(TASK, ACCOUNT, NOW, "failed")


def balance(available: int = FUNDS, held: int = 0, *, moved_at: datetime = NOW) -> Balance:
    return Balance(ACCOUNT, "credit", available, held, 1, moved_at)


def run(facts: list[Fact], *, available: int = FUNDS, now: datetime = NOW) -> Batch:
    batch = Batch([balance(available)], [], [], now=now, margin=MARGIN)
    for fact in facts:
        batch.take(fact)
    return batch


def money(batch: Batch) -> tuple[int, int]:
    after = batch.balances[ACCOUNT, "credit"]
    return after.available_micro, after.held_micro


def outcomes(batch: Batch) -> list[tuple[str, str]]:
    closed = [said.task.outcome for said in batch.said if isinstance(said, Closed)]
    return [(o.outcome, o.reason) for o in closed if o is not None]


@pytest.mark.parametrize(
    ("facts", "left", "ends"),
    [
        ([REQUEST, SUCCEEDED, STORED], FUNDS - ACTUAL, {"settled"}),
        ([REQUEST, FAILED], FUNDS, {"released", "refused"}),
        ([REQUEST, CANCELLED], FUNDS, {"released", "refused"}),
        ([REQUEST, SUCCEEDED, NOT_STORED], FUNDS, {"released", "refused"}),
    ],
)
def test_every_order_and_repetition_ends_with_the_same_money(
    facts: list[Fact], left: int, ends: set[str]
) -> None:
    for order in {*permutations([*facts, *facts])}:
        batch = run(list(order))
        assert money(batch) == (left, 0)
        assert len(outcomes(batch)) == 1
        assert outcomes(batch)[0][0] in ends


ANY_FACT = st.sampled_from([REQUEST, SUCCEEDED, FAILED, CANCELLED, STORED, NOT_STORED, request(repeat=2)])


@given(st.lists(ANY_FACT, max_size=12), st.sampled_from([0, QUOTE - 1, QUOTE, FUNDS]))
def test_contradictory_facts_close_a_task_once_and_lose_no_credit(facts: list[Fact], available: int) -> None:
    batch = run(facts, available=available)
    task = batch.tasks.get(TASK)
    after = batch.balances[ACCOUNT, "credit"]
    charged = task.outcome.charged_micro if task and task.outcome else 0
    assert after.available_micro + after.held_micro + charged == available
    assert len(outcomes(batch)) == (1 if task and task.outcome else 0)
    assert after.held_micro == (QUOTE if task and task.hold and not task.outcome else 0)
    assert [transfer.after.version for transfer in batch.transfers] == list(
        range(2, 2 + len(batch.transfers))
    )


@given(st.lists(ANY_FACT, max_size=8), st.lists(ANY_FACT, max_size=8))
def test_a_closed_task_never_changes(before: list[Fact], later: list[Fact]) -> None:
    batch = run([REQUEST, FAILED, *before])
    task, said, moved = batch.tasks[TASK], list(batch.said), money(batch)
    for fact in later:
        batch.take(fact)
    assert (batch.tasks[TASK], batch.said, money(batch)) == (task, said, moved)


@given(st.lists(ANY_FACT, max_size=10), st.integers(0, 10))
def test_how_facts_fall_into_batches_makes_no_difference(facts: list[Fact], cut: int) -> None:
    whole, first = run(facts), run(facts[:cut])
    second = Batch(first.balances.values(), first.tasks.values(), [], now=NOW, margin=MARGIN)
    for fact in facts[cut:]:
        second.take(fact)
    assert (second.balances, second.tasks) == (whole.balances, whole.tasks)
    assert [*first.said, *second.said] == whole.said


def test_a_request_is_refused_for_the_known_end_the_deadline_then_the_money() -> None:
    late = request(deadline=NOW - timedelta(microseconds=1))
    assert outcomes(run([FAILED, late], available=0)) == [("refused", "content_refused")]
    assert outcomes(run([NOT_STORED, REQUEST])) == [("refused", "storage_failed")]
    assert outcomes(run([late], available=0)) == [("refused", "deadline_exceeded")]
    assert outcomes(run([REQUEST], available=QUOTE - 1)) == [("refused", "insufficient_credits")]
    assert outcomes(run([request(deadline=NOW)], available=QUOTE)) == []


def test_a_failure_without_a_code_has_one_all_the_same() -> None:
    nameless = Completed(TASK, ACCOUNT, NOW, Verdict("failed"))
    assert outcomes(run([REQUEST, nameless])) == [("released", "provider_failed")]
    assert outcomes(run([REQUEST, CANCELLED])) == [("released", "cancelled")]


def test_without_an_actual_cost_the_quote_is_charged() -> None:
    succeeded = Completed(TASK, ACCOUNT, NOW, Verdict("succeeded"))
    assert money(run([REQUEST, succeeded, STORED])) == (FUNDS - QUOTE, 0)


def test_an_actual_cost_of_zero_gives_everything_back_and_is_settled() -> None:
    free = Completed(TASK, ACCOUNT, NOW, Verdict("succeeded", actual_micro=0))
    batch = run([REQUEST, free, STORED])
    assert outcomes(batch) == [("settled", "completed")]
    assert [transfer.kind for transfer in batch.transfers] == ["freeze", "release"]


def hold(expires_at: datetime) -> Task:
    return Task(TASK, ACCOUNT, REQUEST.request, hold=Hold(QUOTE, "default", NOW, expires_at, 2))


def test_a_hold_expires_at_its_time_and_not_a_moment_before() -> None:
    fact = Expired(TASK, ACCOUNT, NOW)
    assert expire(hold(NOW + timedelta(microseconds=1)), fact, NOW) is None
    decision = expire(hold(NOW), fact, NOW)
    assert isinstance(decision, Close)
    assert (decision.outcome, decision.reason, decision.returned_micro) == ("released", "hold_expired", QUOTE)


@pytest.mark.parametrize("order", list(permutations([SUCCEEDED, STORED, Expired(TASK, ACCOUNT, NOW)])))
def test_settling_races_expiry_to_exactly_one_end_failure_mode_24(order: tuple[Fact, ...]) -> None:
    batch = Batch([balance(FUNDS, QUOTE)], [hold(NOW)], [], now=NOW, margin=MARGIN)
    for fact in order:
        batch.take(fact)
    settled = order.index(Expired(TASK, ACCOUNT, NOW)) == 2
    assert outcomes(batch) == [("settled", "completed") if settled else ("released", "hold_expired")]
    assert money(batch) == ((FUNDS + QUOTE - ACTUAL if settled else FUNDS + QUOTE), 0)


def test_an_expired_hold_that_is_not_swept_can_still_settle() -> None:
    batch = Batch([balance(0, QUOTE)], [hold(NOW - MARGIN)], [], now=NOW, margin=MARGIN)
    batch.take(SUCCEEDED)
    batch.take(STORED)
    assert outcomes(batch) == [("settled", "completed")]


@given(st.integers(-500, 500), st.integers(0, 300))
def test_a_take_back_takes_what_is_there_and_writes_the_rest_off(amount: int, available: int) -> None:
    entries = dict(entries_of_grant(amount, available))
    assert all(value > 0 for value in entries.values())
    assert entries.get("grant", 0) == max(amount, 0)
    assert entries.get("takeback", 0) == min(max(-amount, 0), available)
    assert entries.get("takeback", 0) + entries.get("writeoff", 0) == max(-amount, 0)


@given(st.lists(st.integers(-400, 400), max_size=10))
def test_the_books_of_grants_balance(amounts: list[int]) -> None:
    grants: list[Fact] = [Granted(uuid4(), ACCOUNT, NOW, "credit", n, "topup", "") for n in amounts]
    batch = run([*grants, *grants], available=0)
    accounts: dict[str, int] = {}
    for transfer in batch.transfers:
        accounts[transfer.debit] = accounts.get(transfer.debit, 0) - transfer.amount_micro
        accounts[transfer.credit] = accounts.get(transfer.credit, 0) + transfer.amount_micro
    assert sum(accounts.values()) == 0
    assert accounts.get("available", 0) == money(batch)[0] >= 0
    assert accounts.get("adjustment", 0) == -sum(n for n in amounts if n < 0)
    assert len([said for said in batch.said if isinstance(said, Change)]) == len(amounts)


@pytest.mark.parametrize("kind", [k for k, (debit, _) in ROUTES.items() if debit in ("available", "held")])
def test_nothing_is_taken_that_is_not_there(kind: Any) -> None:
    with pytest.raises(ValueError, match="can't be posted"):
        post(balance(9, 9), (kind, 10), Cause(NOW, "default"), NOW)
    with pytest.raises(ValueError, match="can't be posted"):
        post(balance(9, 9), (kind, 0), Cause(NOW, "default"), NOW)


def test_a_clock_that_goes_back_does_not_take_the_account_with_it() -> None:
    later = NOW + timedelta(seconds=5)
    transfer = post(balance(moved_at=later), ("freeze", 1), Cause(NOW, "default"), NOW)
    assert transfer.after.moved_at == later


def test_merging_keeps_the_first_word() -> None:
    once = merge(merge(Task(TASK, ACCOUNT), SUCCEEDED), STORED)
    assert merge(merge(once, FAILED), NOT_STORED) is once
    assert merge(merge(once, REQUEST), request(quote=1)).request == REQUEST.request
