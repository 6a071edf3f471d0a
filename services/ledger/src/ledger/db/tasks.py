"""Tasks: from row to value and back, and what the sweeper looks for."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from runtime.db import Tx

from ledger.domain.task import Hold, Outcome, Request, Task, Verdict

COLUMNS = {
    "task_id": "uuid",
    "account_id": "uuid",
    "asset": "text",
    "quote_micro": "bigint",
    "requested_at": "timestamptz",
    "deadline": "timestamptz",
    "traceparent": "text",
    "provider_outcome": "text",
    "provider_reason": "text",
    "actual_micro": "bigint",
    "storage_outcome": "text",
    "frozen_at": "timestamptz",
    "frozen_version": "bigint",
    "held_micro": "bigint",
    "lot": "text",
    "expires_at": "timestamptz",
    "closed_at": "timestamptz",
    "closed_version": "bigint",
    "outcome": "text",
    "reason": "text",
    "charged_micro": "bigint",
    "returned_micro": "bigint",
}
"""The columns of a task and their types, in the table's order."""

# The clock is read here, after the locks were taken: times then run with the account's versions.
_READ = """
SELECT clock_timestamp() AS now, t.* FROM (SELECT) AS clock LEFT JOIN tasks t ON t.task_id = ANY($1::uuid[])
"""


async def read(tx: Tx, ids: Collection[UUID]) -> tuple[datetime, list[Task]]:
    """The database's time, and those of the tasks that are known."""
    found = await tx.fetch(_READ, list(ids))
    return found[0]["now"], [from_row(row) for row in found if row["task_id"] is not None]


def from_row(row: asyncpg.Record) -> Task:
    """The value of a row."""
    return Task(
        row["task_id"],
        row["account_id"],
        request=_request(row),
        verdict=_verdict(row),
        storage=row["storage_outcome"],
        hold=_hold(row),
        outcome=_outcome(row),
    )


def to_row(task: Task, known: Task | None = None) -> dict[str, Any]:
    """The row of a value: its keys, and of its parts those that `known` doesn't have."""
    before = known or Task(task.task_id, task.account_id)
    row: dict[str, Any] = {"task_id": task.task_id, "account_id": task.account_id}
    if task.request is not None and before.request is None:
        row |= _request_row(task.request)
    if task.verdict is not None and before.verdict is None:
        row |= _verdict_row(task.verdict)
    if task.storage is not None and before.storage is None:
        row["storage_outcome"] = task.storage
    if task.hold is not None and before.hold is None:
        row |= _hold_row(task.hold)
    if task.outcome is not None and before.outcome is None:
        row |= _outcome_row(task.outcome)
    return row


def _request(row: asyncpg.Record) -> Request | None:
    if row["asset"] is None:
        return None
    return Request(row["asset"], row["quote_micro"], row["requested_at"], row["deadline"], row["traceparent"])


def _verdict(row: asyncpg.Record) -> Verdict | None:
    if row["provider_outcome"] is None:
        return None
    return Verdict(row["provider_outcome"], row["provider_reason"], row["actual_micro"])


def _hold(row: asyncpg.Record) -> Hold | None:
    if row["frozen_at"] is None:
        return None
    return Hold(row["held_micro"], row["lot"], row["frozen_at"], row["expires_at"], row["frozen_version"])


def _outcome(row: asyncpg.Record) -> Outcome | None:
    if row["closed_at"] is None:
        return None
    return Outcome(
        row["outcome"],
        row["reason"],
        row["charged_micro"],
        row["returned_micro"],
        row["closed_at"],
        row["closed_version"],
    )


def _request_row(request: Request) -> dict[str, Any]:
    return {
        "asset": request.asset,
        "quote_micro": request.quote_micro,
        "requested_at": request.requested_at,
        "deadline": request.deadline,
        "traceparent": request.traceparent,
    }


def _verdict_row(verdict: Verdict) -> dict[str, Any]:
    return {
        "provider_outcome": verdict.outcome,
        "provider_reason": verdict.reason,
        "actual_micro": verdict.actual_micro,
    }


def _hold_row(hold: Hold) -> dict[str, Any]:
    return {
        "frozen_at": hold.frozen_at,
        "frozen_version": hold.version,
        "held_micro": hold.held_micro,
        "lot": hold.lot,
        "expires_at": hold.expires_at,
    }


def _outcome_row(outcome: Outcome) -> dict[str, Any]:
    return {
        "closed_at": outcome.closed_at,
        "closed_version": outcome.version,
        "outcome": outcome.outcome,
        "reason": outcome.reason,
        "charged_micro": outcome.charged_micro,
        "returned_micro": outcome.returned_micro,
    }
