"""What an operator asks: a task's way, and how providers do. Never an input, never a secret."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.ids import task_text
from runtime.db import Connection, Tx, rows

STALE_SECONDS = 60.0
"""A process that hasn't reported for this long has ended."""

_JOB = """
SELECT task_id, account_id, requested_at, asset, model, derive, price_rule, deadline, frozen_at,
       cancel_requested_at, cancel_reason, settled_at, settled_outcome, attempt, completed_at, outcome,
       error_code
FROM jobs WHERE task_id = $1
"""
_ATTEMPTS = """
SELECT n, status, provider, protocol, model, credential_id, correlation, sends, submitting_at, submitted_at,
       provider_job_id, hint_job_id, polls, polled_at, gone_at, cancel, progress, percent, error_class,
       error_code, error_message, usage, actual_micro, cost_micro, orphan, ended_at
FROM attempts WHERE task_id = $1 ORDER BY n
"""
_WORK = "SELECT kind, due_at, leased, tries, nudges, created_at FROM work WHERE id = $1 ORDER BY kind"
_PUT = """
INSERT INTO provider_reports AS p (instance, provider, credential_id, report)
SELECT $1, provider, credential_id, report
FROM json_to_recordset($2::json) AS r(provider text, credential_id text, report json)
ON CONFLICT (instance, provider, credential_id) DO UPDATE SET report = excluded.report, at = now()
"""
_FORGET = "DELETE FROM provider_reports WHERE at < now() - make_interval(secs => $1)"
_PROVIDERS = """
SELECT provider, credential_id, instance, at, report FROM provider_reports
WHERE at >= now() - make_interval(secs => $1) ORDER BY provider, credential_id, instance
"""


async def task(conn: Connection, task_id: UUID) -> dict[str, Any] | None:
    """A job with its attempts, its next look and the slots that it waits for; None if there is none."""
    job = await conn.fetchrow(_JOB, task_id)
    if job is None:
        return None
    attempts = [_shown(each) for each in await conn.fetch(_ATTEMPTS, task_id)]
    work = {row["kind"]: _shown(row) for row in await conn.fetch(_WORK, task_id)}
    waits = [
        {"for": kind.removeprefix("turn:"), "since": row["created_at"]}
        for kind, row in work.items()
        if kind.startswith("turn:")
    ]
    shown = {"task": task_text(task_id), **_shown(job), "attempts": attempts, "work": work.get("job")}
    return {**shown, "waits_for_slot": waits} if waits else shown


async def put(tx: Tx, instance: str, reports: Sequence[Mapping[str, Any]]) -> None:
    """What a process has seen, and away with what processes that ended had."""
    await tx.execute(_PUT, instance, rows(reports))
    await tx.execute(_FORGET, STALE_SECONDS)


async def providers(conn: Connection) -> list[dict[str, Any]]:
    """How providers do, per key and process."""
    found = await conn.fetch(_PROVIDERS, STALE_SECONDS)
    return [{**{name: row[name] for name in _NAMES}, **row["report"]} for row in found]


_NAMES = ("provider", "credential_id", "instance", "at")


def _shown(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
