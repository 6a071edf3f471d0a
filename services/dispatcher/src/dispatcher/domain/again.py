"""What the dispatcher had said before its database was set back, and the rows that follow from it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from contracts import codes

from dispatcher.domain import naming

Outcome = Literal["succeeded", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt was made. `model` is the provider's name of it."""

    provider: str
    protocol: str
    model: str
    credential_id: str


@dataclass(frozen=True, slots=True)
class TakenAgain:
    """A provider had the job, and how far it was."""

    task_id: UUID
    account_id: UUID
    at: datetime
    attempt: int
    place: Place
    job_id: str
    state: str
    percent: int | None
    cost_rule: Mapping[str, Any] | None
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class CompletedAgain:
    """The final word on the provider side. Attempt 0 and no place: no provider was ever asked."""

    task_id: UUID
    account_id: UUID
    at: datetime
    attempt: int
    place: Place | None
    job_id: str | None
    outcome: Outcome
    code: str | None
    message: str | None
    actual_micro: int | None
    cost_micro: int | None
    deadline: datetime | None
    traceparent: str | None


Again = TakenAgain | CompletedAgain


def job_rows(facts: Iterable[Again]) -> list[dict[str, object]]:
    """A row per task, in the order of their ids; the first final word counts."""
    jobs: dict[UUID, dict[str, object]] = {}
    for fact in facts:
        row = jobs.setdefault(
            fact.task_id,
            {
                "task_id": fact.task_id,
                "account_id": fact.account_id,
                "traceparent": fact.traceparent,
                "attempt": 0,
            },
        )
        row["attempt"] = max(int(str(row["attempt"])), fact.attempt)
        if isinstance(fact, CompletedAgain) and "outcome" not in row:
            code = None if fact.outcome == "succeeded" else fact.code or codes.PROVIDER_FAILED
            row |= {"completed_at": fact.at, "outcome": fact.outcome, "error_code": code}
            row["deadline"] = fact.deadline
    return [jobs[task_id] for task_id in sorted(jobs)]


def attempt_rows(facts: Iterable[Again]) -> list[dict[str, object]]:
    """A row per attempt, later facts over earlier ones, in the order of their keys."""
    attempts: dict[tuple[UUID, int], dict[str, object]] = {}
    for fact in facts:
        if fact.attempt and fact.place is not None:
            row = attempts.setdefault((fact.task_id, fact.attempt), _named(fact, fact.place))
            known = {key: value for key, value in _learned(fact).items() if value is not None}
            attempts[fact.task_id, fact.attempt] = row | known
    return [attempts[key] for key in sorted(attempts)]


def _named(fact: Again, place: Place) -> dict[str, object]:
    return {
        "task_id": fact.task_id,
        "n": fact.attempt,
        "provider": place.provider,
        "protocol": place.protocol,
        "model": place.model,
        "credential_id": place.credential_id,
        "correlation": naming.correlation(fact.task_id, fact.attempt),
        "submitting_at": fact.at,
        "status": "submitted",
    }


def _learned(fact: Again) -> dict[str, object]:
    if isinstance(fact, TakenAgain):
        return {
            "provider_job_id": fact.job_id,
            "progress": fact.state,
            "percent": fact.percent,
            "cost_rule": fact.cost_rule,
        }
    unknown = fact.code == codes.PROVIDER_OUTCOME_UNKNOWN
    named = fact.job_id is not None
    status = "unknown" if unknown else fact.outcome if fact.outcome == "failed" or named else "failed"
    return {
        "provider_job_id": fact.job_id,
        "status": status,
        "error_code": fact.code,
        "error_message": fact.message,
        "actual_micro": fact.actual_micro,
        "cost_micro": fact.cost_micro,
        "orphan": "suspected" if unknown else None,
        "ended_at": fact.at,
    }
