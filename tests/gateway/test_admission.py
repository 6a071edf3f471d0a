"""Admission is pure arithmetic: in order, exactly, and once per idempotency key."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

from contracts.ids import uuid7
from gateway.domain.admission import (
    Accepted,
    CapReached,
    Decision,
    KeyReused,
    Order,
    Receipt,
    Refused,
    Replayed,
    Room,
    Submission,
    TooManyLive,
    decide,
)
from hypothesis import given
from hypothesis import strategies as st

ACCOUNT, OTHER = uuid7(), uuid7()


def submission(quote: int, key: str | None, payload: str, account: UUID, asset: str) -> Submission:
    return Submission(
        uuid7(), account, asset, uuid7(), "m", {}, [], quote, {}, "v1", "req", payload, key, "00-trace", 60
    )


def order(*quotes: int, key: str | None = None, payload: str = "p", account=ACCOUNT, asset="credit") -> Order:
    return Order(tuple(submission(quote, key, payload, account, asset) for quote in quotes), b"{}")


def names(decisions: list[Decision]) -> list[str]:
    return [type(each).__name__ for each in decisions]


def test_what_is_there_may_be_spent_to_the_last_micro_credit() -> None:
    batch = [order(5), order(5), order(1), order(0)]
    assert names(decide(batch, Room({(ACCOUNT, "credit"): 10}), {})) == [
        "Accepted",
        "Accepted",
        "Refused",
        "Accepted",
    ]
    [short] = decide([order(10)], Room({(ACCOUNT, "credit"): 9}), {})
    assert short == Refused(10, 9)
    [exact] = decide([order(10)], Room({(ACCOUNT, "credit"): 10}), {})
    assert isinstance(exact, Accepted)


def test_a_smaller_request_behind_a_refused_one_is_still_accepted() -> None:
    batch = [order(11), order(10)]
    assert names(decide(batch, Room({(ACCOUNT, "credit"): 10}), {})) == ["Refused", "Accepted"]


def test_an_unknown_or_overdrawn_purse_buys_only_what_is_free() -> None:
    batch = [order(1), order(0), order(1, asset="test")]
    decisions = decide(batch, Room({(ACCOUNT, "credit"): -5}), {})
    assert decisions[0] == Refused(1, 0)
    assert names(decisions) == ["Refused", "Accepted", "Refused"]


def test_twins_in_a_batch_follow_the_first() -> None:
    batch = [
        order(6, key="k"),
        order(6, key="k"),
        order(6, key="k", payload="other"),
        order(6, key="k", asset="test"),
    ]
    decisions = decide(batch, Room({(ACCOUNT, "credit"): 10, (ACCOUNT, "test"): 10}), {})
    assert names(decisions) == ["Accepted", "Replayed", "KeyReused", "KeyReused"]
    first, twin = decisions[0], decisions[1]
    assert isinstance(first, Accepted)
    assert isinstance(twin, Replayed)
    assert first.receipt == twin.receipt


def test_the_tasks_of_one_order_are_accepted_together_or_not_at_all() -> None:
    purses = {(ACCOUNT, "credit"): 10}
    room = Room(purses)
    assert decide([order(4, 4, 4)], room, {}) == [Refused(12, 10)]
    assert purses == {(ACCOUNT, "credit"): 10}
    assert decide([replace(order(1, 1, 1), max_live=2)], room, {}) == [TooManyLive(2)]
    [all_of_it] = decide([order(4, 4, 2)], room, {})
    assert isinstance(all_of_it, Accepted)
    assert len(all_of_it.receipt.task_ids) == 3
    assert purses == {(ACCOUNT, "credit"): 0}


def test_a_refusal_keeps_no_key() -> None:
    batch = [order(11, key="k"), order(10, key="k", payload="other")]
    assert names(decide(batch, Room({(ACCOUNT, "credit"): 10}), {})) == ["Refused", "Accepted"]


def test_the_same_key_of_another_account_is_another_key() -> None:
    batch = [order(1, key="k"), order(1, key="k", payload="other", account=OTHER)]
    decisions = decide(batch, Room({(ACCOUNT, "credit"): 1, (OTHER, "credit"): 1}), {})
    assert names(decisions) == ["Accepted", "Accepted"]


def test_what_was_accepted_before_is_replayed_even_without_credits() -> None:
    receipt = Receipt((uuid7(),), "p", "credit", b"{}")
    known = {(ACCOUNT, "v1", "k"): receipt}
    assert decide([order(5, key="k")], Room({}), known) == [Replayed(receipt)]
    assert decide([order(5, key="k", payload="other")], Room({}), known) == [KeyReused()]


@given(
    requests=st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from([None, "a", "b"]), st.sampled_from("pq"))
    ),
    left=st.integers(-5, 60),
)
def test_never_more_is_accepted_than_is_there(requests: list[tuple[int, str | None, str]], left: int) -> None:
    batch = [order(quote, key=key, payload=payload) for quote, key, payload in requests]
    purses = {(ACCOUNT, "credit"): left}
    decisions = decide(batch, Room(purses), {})
    accepted = [s for s, d in zip(batch, decisions, strict=True) if isinstance(d, Accepted)]
    assert sum(s.quote_micro for s in accepted) <= max(left, 0)
    assert purses[ACCOUNT, "credit"] == left - sum(s.quote_micro for s in accepted)
    keys = Counter(s.scope for s in accepted if s.scope)
    assert all(count == 1 for count in keys.values())


def capped(quote: int, key=None, **changes):
    made = order(quote)
    [first] = made.submissions
    return replace(made, submissions=(replace(first, key_id=key or uuid7()),), capped=True, **changes)


def test_a_capped_key_spends_to_its_cap_and_other_keys_go_on() -> None:
    key = uuid7()
    batch = [capped(6, key), capped(5, key), capped(4, key), capped(0, key), order(5)]
    room = Room({(ACCOUNT, "credit"): 100}, key_left={key: 10})
    assert decide(batch, room, {})[1] == CapReached(5, 4)
    assert room.key_left[key] == 0
    assert room.spendable[ACCOUNT, "credit"] == 85


def test_unfinished_tasks_are_counted_by_purse() -> None:
    batch = [replace(order(1), max_live=3) for _ in range(3)]
    room = Room({(ACCOUNT, "credit"): 100}, live={(ACCOUNT, "credit"): 1, (ACCOUNT, "test"): 9})
    decisions = decide(batch, room, {})
    assert names(decisions) == ["Accepted", "Accepted", "TooManyLive"]
    assert decisions[2] == TooManyLive(3)


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans())), st.integers(0, 60), st.integers(0, 60))
def test_neither_the_cap_nor_the_purse_is_ever_overdrawn(
    requests: list[tuple[int, bool]], left: int, cap: int
) -> None:
    key = uuid7()
    batch = [capped(quote, key) if with_cap else order(quote) for quote, with_cap in requests]
    room = Room({(ACCOUNT, "credit"): left}, key_left={key: cap})
    decisions = decide(batch, room, {})
    accepted = [s for s, d in zip(batch, decisions, strict=True) if isinstance(d, Accepted)]
    assert sum(s.quote_micro for s in accepted) <= left
    assert sum(s.quote_micro for s in accepted if s.capped) <= cap
    assert room.live.get((ACCOUNT, "credit"), 0) == len(accepted)
