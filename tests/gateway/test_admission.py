"""Admission is pure arithmetic: in order, exactly, and once per idempotency key."""

from collections import Counter

from contracts.ids import uuid7
from gateway.domain.admission import (
    Accepted,
    Decision,
    KeyReused,
    Receipt,
    Refused,
    Replayed,
    Submission,
    decide,
)
from hypothesis import given
from hypothesis import strategies as st

ACCOUNT, OTHER = uuid7(), uuid7()


def submission(quote: int, key: str | None = None, payload: str = "p", *, account=ACCOUNT, asset="credit"):
    return Submission(
        uuid7(), account, asset, uuid7(), "m", {}, [], quote, {}, "v1", "req", payload, key, "00-trace"
    )


def names(decisions: list[Decision]) -> list[str]:
    return [type(each).__name__ for each in decisions]


def test_what_is_there_may_be_spent_to_the_last_micro_credit() -> None:
    batch = [submission(5), submission(5), submission(1), submission(0)]
    assert names(decide(batch, {(ACCOUNT, "credit"): 10}, {})) == [
        "Accepted",
        "Accepted",
        "Refused",
        "Accepted",
    ]
    [short] = decide([submission(10)], {(ACCOUNT, "credit"): 9}, {})
    assert short == Refused(10, 9)
    [exact] = decide([submission(10)], {(ACCOUNT, "credit"): 10}, {})
    assert isinstance(exact, Accepted)


def test_a_smaller_request_behind_a_refused_one_is_still_accepted() -> None:
    batch = [submission(11), submission(10)]
    assert names(decide(batch, {(ACCOUNT, "credit"): 10}, {})) == ["Refused", "Accepted"]


def test_an_unknown_or_overdrawn_purse_buys_only_what_is_free() -> None:
    batch = [submission(1), submission(0), submission(1, asset="test")]
    decisions = decide(batch, {(ACCOUNT, "credit"): -5}, {})
    assert decisions[0] == Refused(1, 0)
    assert names(decisions) == ["Refused", "Accepted", "Refused"]


def test_twins_in_a_batch_follow_the_first() -> None:
    batch = [
        submission(6, "k"),
        submission(6, "k"),
        submission(6, "k", "other"),
        submission(6, "k", asset="test"),
    ]
    decisions = decide(batch, {(ACCOUNT, "credit"): 10, (ACCOUNT, "test"): 10}, {})
    assert names(decisions) == ["Accepted", "Replayed", "KeyReused", "KeyReused"]
    first, twin = decisions[0], decisions[1]
    assert isinstance(first, Accepted)
    assert isinstance(twin, Replayed)
    assert first.receipt == twin.receipt


def test_a_refusal_keeps_no_key() -> None:
    batch = [submission(11, "k"), submission(10, "k", "other")]
    assert names(decide(batch, {(ACCOUNT, "credit"): 10}, {})) == ["Refused", "Accepted"]


def test_the_same_key_of_another_account_is_another_key() -> None:
    batch = [submission(1, "k"), submission(1, "k", "other", account=OTHER)]
    decisions = decide(batch, {(ACCOUNT, "credit"): 1, (OTHER, "credit"): 1}, {})
    assert names(decisions) == ["Accepted", "Accepted"]


def test_what_was_accepted_before_is_replayed_even_without_credits() -> None:
    receipt = Receipt(uuid7(), "req", 5, "p", "credit")
    known = {(ACCOUNT, "v1", "k"): receipt}
    assert decide([submission(5, "k")], {}, known) == [Replayed(receipt)]
    assert decide([submission(5, "k", "other")], {}, known) == [KeyReused()]


@given(
    requests=st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from([None, "a", "b"]), st.sampled_from("pq"))
    ),
    left=st.integers(-5, 60),
)
def test_never_more_is_accepted_than_is_there(requests: list[tuple[int, str | None, str]], left: int) -> None:
    batch = [submission(quote, key, payload) for quote, key, payload in requests]
    purses = {(ACCOUNT, "credit"): left}
    decisions = decide(batch, purses, {})
    accepted = [s for s, d in zip(batch, decisions, strict=True) if isinstance(d, Accepted)]
    assert sum(s.quote_micro for s in accepted) <= max(left, 0)
    assert purses[ACCOUNT, "credit"] == left - sum(s.quote_micro for s in accepted)
    keys = Counter(s.idempotency_key for s in accepted if s.idempotency_key)
    assert all(count == 1 for count in keys.values())
