"""Writing down what steps found out, for many jobs in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from runtime.db import Tx, rows
from runtime.work.table import Claim

from dispatcher.domain.job import Attempt, Change, Job

_LOCK = "SELECT now() AS now FROM jobs WHERE task_id = ANY($1::uuid[]) ORDER BY task_id FOR UPDATE"

# A row is changed only if it is still as the step saw it: a late worker's word is lost, not believed. What a
# provider says of a deleted task's attempt may quote the prompt.
_CHANGE = """
UPDATE attempts a SET
    status = coalesce(r.status, a.status),
    provider_job_id = coalesce(a.provider_job_id, r.job_id),
    submitted_at = CASE WHEN r.status = 'submitted' THEN coalesce(a.submitted_at, now())
                        ELSE a.submitted_at END,
    polls = a.polls + r.polled::int,
    polled_at = CASE WHEN r.polled THEN now() ELSE a.polled_at END,
    gone_at = CASE WHEN r.gone THEN coalesce(a.gone_at, now()) WHEN NOT r.gone THEN NULL ELSE a.gone_at END,
    cancel = coalesce(a.cancel, r.cancel),
    progress = coalesce(r.progress, a.progress),
    percent = coalesce(r.percent, a.percent),
    error_class = CASE WHEN r.status = 'succeeded' THEN NULL ELSE coalesce(r.error_class, a.error_class) END,
    error_code = CASE WHEN r.status = 'succeeded' THEN NULL
                      WHEN r.error_class IS NULL THEN a.error_code ELSE r.error_code END,
    error_message = CASE WHEN r.status <> 'succeeded' IS NOT FALSE AND j.deleted_at IS NULL
                         THEN coalesce(r.error_message, a.error_message) END,
    usage = coalesce(r.usage, a.usage),
    actual_micro = coalesce(r.actual_micro, a.actual_micro),
    cost_micro = coalesce(r.cost_micro, a.cost_micro),
    orphan = coalesce(r.orphan, a.orphan),
    ended_at = CASE WHEN coalesce(r.status, a.status) NOT IN ('submitting', 'deferred', 'submitted')
                    THEN coalesce(a.ended_at, now()) END
FROM json_to_recordset($1::json) AS r(
    task_id uuid, n int, sends int, was text, status text, job_id text, polled bool, gone bool, cancel text,
    progress text, percent int, error_class text, error_code text, error_message text, usage json,
    actual_micro bigint, cost_micro bigint, orphan text)
JOIN jobs j ON j.task_id = r.task_id
WHERE a.task_id = r.task_id AND a.n = r.n AND a.sends = r.sends AND a.status = r.was
RETURNING a.task_id
"""

_COMPLETE = """
UPDATE jobs j SET completed_at = now(), outcome = r.outcome, error_code = r.error_code
FROM json_to_recordset($1::json) AS r(task_id uuid, attempt int, outcome text, error_code text)
WHERE j.task_id = r.task_id AND j.attempt = r.attempt AND j.completed_at IS NULL AND j.settled_at IS NULL
RETURNING j.task_id
"""

# The provider took a job whose attempt was given up meanwhile.
_STRAY = """
UPDATE attempts a SET provider_job_id = coalesce(a.provider_job_id, r.job_id), orphan = 'suspected'
FROM json_to_recordset($1::json) AS r(task_id uuid, n int, job_id text)
WHERE a.task_id = r.task_id AND a.n = r.n AND a.status IN ('absent', 'unknown')
"""

_LATE = """
UPDATE attempts a SET orphan = 'confirmed'
FROM json_to_recordset($1::json) AS r(task_id uuid, n int)
WHERE a.task_id = r.task_id AND a.n = r.n AND a.status = 'succeeded' AND a.orphan IS NULL
"""

_FREE = """
UPDATE slots s SET task_id = NULL, attempt = NULL, leased_until = NULL
FROM json_to_recordset($1::json) AS r(task_id uuid, n int)
WHERE s.task_id = r.task_id AND s.attempt = r.n
"""


@dataclass(frozen=True, slots=True)
class Record:
    """What a step found out about a claimed job, and the attempt as the step saw it."""

    claim: Claim
    job: Job
    attempt: Attempt | None
    change: Change

    @property
    def task_id(self) -> UUID:
        """The job."""
        return self.job.task_id


async def lock(tx: Tx, records: Sequence[Record]) -> datetime:
    """Lock the jobs in the one order everybody keeps; the database's time."""
    found = await tx.fetch(_LOCK, [record.task_id for record in records])
    now: datetime = found[0]["now"]
    return now


async def change_attempts(tx: Tx, records: Sequence[Record]) -> set[UUID]:
    """Apply the changes; the tasks whose attempt was still as the step saw it."""
    given = [_change(record, record.attempt) for record in records if record.attempt is not None]
    if not given:
        return set()
    return {record["task_id"] for record in await tx.fetch(_CHANGE, rows(given))}


async def complete_jobs(tx: Tx, records: Sequence[Record]) -> set[UUID]:
    """Write the final word where none is known yet; the tasks for which this one counts."""
    if not records:
        return set()
    return {record["task_id"] for record in await tx.fetch(_COMPLETE, rows(map(_completion, records)))}


async def keep_strays(tx: Tx, records: Sequence[Record]) -> None:
    """Remember jobs whose acceptance came after their attempt was given up."""
    if records:
        await tx.execute(_STRAY, rows(_named(record) for record in records))


async def keep_late(tx: Tx, records: Sequence[Record]) -> None:
    """Remember results that came after the task had ended: the operator pays for them."""
    if records:
        await tx.execute(_LATE, rows(_named(record) for record in records))


async def free_slots(tx: Tx, records: Sequence[Record]) -> None:
    """Give back the slots of attempts that ended."""
    if records:
        await tx.execute(_FREE, rows(_named(record) for record in records))


def _named(record: Record) -> dict[str, object]:
    assert record.attempt is not None
    return {"task_id": record.task_id, "n": record.attempt.n, "job_id": record.change.job_id}


def _completion(record: Record) -> dict[str, object]:
    completion = record.change.completion
    assert completion is not None
    return {
        "task_id": record.task_id,
        "attempt": record.attempt.n if record.attempt else 0,
        "outcome": completion.outcome,
        "error_code": completion.code,
    }


def _change(record: Record, attempt: Attempt) -> dict[str, object]:
    change = record.change
    problem = change.problem
    return {
        "task_id": record.task_id,
        "n": attempt.n,
        "sends": attempt.sends,
        "was": attempt.status,
        "status": change.status,
        "job_id": change.job_id,
        "polled": change.polled,
        "gone": change.gone,
        "cancel": change.cancel,
        "progress": change.progress,
        "percent": change.percent,
        "error_class": problem.kind if problem else None,
        "error_code": problem.code if problem else None,
        "error_message": problem.message if problem else None,
        "usage": change.usage,
        "actual_micro": change.actual_micro,
        "cost_micro": change.cost_micro,
        "orphan": change.orphan,
    }
