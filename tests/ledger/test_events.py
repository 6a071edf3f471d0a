"""What comes in and goes out, as the contracts have it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts import events, topics
from contracts.envelope import Envelope
from contracts.ids import uuid7
from ledger.domain.facts import Completed, Granted, Requested, Stored
from ledger.domain.task import Request, Verdict
from ledger.inbound.events import TRANSLATORS

NOW = datetime(2026, 11, 21, 1, 2, 3, 456789, tzinfo=UTC)
ENVELOPE = Envelope("id", "gateway", "x", "subject", NOW, "00-trace")
A, T = uuid7(), uuid7()


def test_the_ledger_reads_the_topics_of_the_table() -> None:
    assert set(TRANSLATORS) == {topic.name for topic in topics.read_by("ledger")}


def test_a_request_becomes_a_fact_that_keeps_its_trace() -> None:
    event = events.TaskRequested(
        task_id=T,
        account_id=A,
        asset="test",
        model="m",
        input={},
        quote_micro=5,
        price_rule={},
        requested_at=NOW,
        deadline=NOW,
        surface="v1",
        key_id=None,
        request_id="r",
        repeat=3,
    )
    assert TRANSLATORS["task.requested"](event, ENVELOPE) == Requested(
        T, A, NOW, Request("test", 5, NOW, NOW, "00-trace"), 3
    )


def test_a_grant_is_known_by_its_id() -> None:
    event = events.CreditsGranted(
        grant_id=T, account_id=A, asset="credit", amount_micro=-5, kind="refund", reason="r", granted_at=NOW
    )
    fact = Granted(T, A, NOW, "credit", -5, "refund", "r", "00-trace")
    assert TRANSLATORS["credits.granted"](event, ENVELOPE) == fact


def test_a_completion_keeps_the_code_and_the_cost() -> None:
    event = events.ProviderCompleted(
        task_id=T,
        account_id=A,
        attempt=1,
        outcome="failed",
        model=None,
        actual_micro=7,
        error_code="content_refused",
        completed_at=NOW,
    )
    fact = Completed(T, A, NOW, Verdict("failed", "content_refused", 7))
    assert TRANSLATORS["provider.completed"](event, ENVELOPE) == fact


def test_a_copy_is_stored_or_failed() -> None:
    event = events.AssetStored(task_id=T, account_id=A, attempt=1, outcome="failed", stored_at=NOW)
    assert TRANSLATORS["asset.stored"](event, ENVELOPE) == Stored(T, A, NOW, "failed")


async def test_events_carry_the_whole_change_and_the_balance(ledger: Any, say: Any, a: UUID, t: UUID) -> None:
    await ledger.tell(say.grant(a, 100), say.request(a, t, 30), say.succeeded(a, t, 12), say.stored(a, t))
    changed, frozen, settled = await ledger.said(a)
    row = await ledger.task(t)
    assert changed["topic"] == "credits.changed"
    event = events.CreditsFrozen.model_validate(frozen["value"])
    assert (frozen["topic"], frozen["event_id"]) == ("credits.frozen", f"ledger:{t}:frozen:1")
    assert (event.task_id, event.account_id, event.asset, event.held_micro) == (t, a, "credit", 30)
    assert (event.deadline, event.expires_at, event.frozen_at) == (
        row["deadline"],
        row["expires_at"],
        row["frozen_at"],
    )
    assert event.balance == events.Balance(available_micro=70, held_micro=30, version=3)
    closed = events.TaskSettled.model_validate(settled["value"])
    assert (settled["topic"], settled["event_id"]) == ("task.settled", f"ledger:{t}:settled:1")
    assert (closed.outcome, closed.reason, closed.charged_micro, closed.returned_micro) == (
        "settled",
        "completed",
        12,
        18,
    )
    assert closed.settled_at == row["closed_at"]
    assert closed.balance == events.Balance(available_micro=88, held_micro=0, version=5)
    assert {frozen["subject"], settled["subject"]} == {str(t)}
