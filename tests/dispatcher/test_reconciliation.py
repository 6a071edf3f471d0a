"""Providers' bills against attempts: what agrees, and each way in which it can't."""

from uuid import uuid4

import pytest
from dispatcher.domain.reconciliation import WRONG, Bill, Made, reconcile
from dispatcher.inbound import bills


def made(job: str, **changes) -> Made:
    given = {"job_id": job, "correlation": "fb-1", "status": "succeeded", "closed": "settled"}
    return Made(uuid4(), 1, "ark", **{**given, "cost_micro": 5, "orphan": None, **changes})


@pytest.mark.parametrize(
    ("bill", "attempt", "verdict"),
    [
        (Bill("ark", "j", cost_micro=5), made("j"), "matched"),
        (Bill("ark", "j"), made("j"), "matched"),
        (Bill("ark", "j", cost_micro=6), made("j"), "differing"),
        (Bill("ark", "j", billed=False), made("j"), "differing"),
        (Bill("ark", "j", billed=False), made("j", status="failed", closed="released"), "matched"),
        (Bill("ark", "j", cost_micro=5), made("j", closed="released"), "borne"),
        (Bill("ark", "j"), made("j", status="failed", closed="released"), "differing"),
        (Bill("ark", "j"), made("j", status="unknown", orphan="suspected", closed="released"), "borne"),
        (Bill("ark", "other"), None, "unknown"),
        (Bill("ark", "j"), made("models/m/operations/j"), "matched"),
        (Bill("ark", "models/m/operations/j"), made("j"), "matched"),
        (Bill("ark", "j", correlation="fb-1"), made("fb-1"), "matched"),
        (Bill("ark", "j", correlation="fb-1"), made("k"), "differing"),
        (Bill("ark", "j", correlation="fb-2"), made("j"), "matched"),
        (
            Bill("ark", "j", correlation="fb-1"),
            made("j", job_id=None, status="unknown", orphan="suspected", closed="released"),
            "borne",
        ),
        (None, made("j"), "missing"),
    ],
)
def test_a_job_is_judged_by_what_both_sides_say(bill, attempt, verdict) -> None:
    [found] = reconcile([bill] if bill else [], [attempt] if attempt else [])
    assert found.verdict == verdict
    assert (found.verdict in WRONG) == (verdict not in {"matched", "borne"})


def test_what_we_have_no_job_of_is_not_missing() -> None:
    assert list(reconcile([], [made("j", job_id=None, status="unknown", orphan="suspected")])) == []


def test_two_jobs_of_one_attempt_are_a_difference() -> None:
    bills = [Bill("ark", "j", correlation="fb-1"), Bill("ark", "k", correlation="fb-1")]
    found = [(each.verdict, each.job_id) for each in reconcile(bills, [made("j")])]
    assert found == [("matched", "j"), ("differing", "k")]


def test_a_job_that_is_billed_twice_is_a_difference() -> None:
    verdicts = [found.verdict for found in reconcile([Bill("ark", "j")] * 2, [made("j")])]
    assert verdicts == ["matched", "differing"]


def test_bills_are_read_from_csv_from_json_lines_and_from_a_log() -> None:
    head, line = "provider,job_id,cost,billed,accepted_at\n", "ark,j,0.25,true,2026-11-21T08:00:00Z\n"
    [csv] = bills.read(head + line)
    assert csv.bill == Bill("ark", "j", True, 250_000)
    assert csv.accepted_at is not None
    assert csv.accepted_at.isoformat() == "2026-11-21T08:00:00+00:00"
    two = bills.read('{"provider": "ark", "job_id": "j"}\n{"provider": "ark", "id": "k", "billed": false}\n')
    assert [each.bill for each in two] == [Bill("ark", "j"), Bill("ark", "k", False)]
    [log] = bills.read(
        '{"jobs": [{"provider": "ark", "id": "j", "accepted_at": 1.5, "correlation": "fb-1"}]}'
    )
    assert log.bill == Bill("ark", "j", correlation="fb-1")


@pytest.mark.parametrize(
    "text", ["provider,job_id\nark,\n", "provider,job_id,cost\nark,j,much\n", '[{"id": 1}]']
)
def test_a_bill_that_cannot_be_read_is_named(text) -> None:
    with pytest.raises(ValueError, match="bill 1"):
        bills.read(text)
