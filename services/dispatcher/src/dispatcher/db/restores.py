"""After a restore: jobs and attempts as they were said, and attempts that may have been made."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from runtime.db import Tx, rows

Row = Mapping[str, object]

# What is not told here - model, input, hold - the jobs' other topics say once more.
_JOBS = """
INSERT INTO jobs AS j (task_id, account_id, traceparent, attempt, completed_at, outcome, error_code, deadline)
SELECT task_id, account_id, traceparent, attempt, completed_at, outcome, error_code, deadline
FROM json_to_recordset($1::json) AS r(
    task_id uuid, account_id uuid, traceparent text, attempt int, completed_at timestamptz, outcome text,
    error_code text, deadline timestamptz)
ON CONFLICT (task_id) DO UPDATE SET
    attempt = greatest(j.attempt, excluded.attempt),
    completed_at = coalesce(j.completed_at, excluded.completed_at),
    outcome = coalesce(j.outcome, excluded.outcome),
    error_code = CASE WHEN j.outcome IS NULL THEN excluded.error_code ELSE j.error_code END,
    deadline = coalesce(j.deadline, excluded.deadline)
"""

# What has ended stays as it is; what was on its way was taken, or has ended meanwhile.
_ATTEMPTS = """
INSERT INTO attempts AS a (task_id, n, status, provider, protocol, model, credential_id, correlation,
                           submitting_at, submitted_at, provider_job_id, progress, percent, cost_rule,
                           error_code, error_message, actual_micro, cost_micro, orphan, ended_at)
SELECT task_id, n, status, provider, protocol, model, credential_id, correlation, submitting_at,
       CASE WHEN provider_job_id IS NOT NULL THEN submitting_at END, provider_job_id, progress, percent,
       cost_rule, error_code, error_message, actual_micro, cost_micro, orphan, ended_at
FROM json_to_recordset($1::json) AS r(
    task_id uuid, n int, status text, provider text, protocol text, model text, credential_id text,
    correlation text, submitting_at timestamptz, provider_job_id text, progress text, percent int,
    cost_rule json, error_code text, error_message text, actual_micro bigint, cost_micro bigint, orphan text,
    ended_at timestamptz)
ON CONFLICT (task_id, n) DO UPDATE SET
    status = excluded.status, provider = excluded.provider, protocol = excluded.protocol,
    model = excluded.model, credential_id = excluded.credential_id,
    submitted_at = coalesce(a.submitted_at, excluded.submitted_at),
    provider_job_id = coalesce(a.provider_job_id, excluded.provider_job_id),
    progress = coalesce(excluded.progress, a.progress), percent = greatest(a.percent, excluded.percent),
    cost_rule = coalesce(a.cost_rule, excluded.cost_rule), error_code = excluded.error_code,
    error_message = excluded.error_message, actual_micro = excluded.actual_micro,
    cost_micro = excluded.cost_micro, orphan = excluded.orphan, ended_at = excluded.ended_at
WHERE a.ended_at IS NULL
"""

_FREE = """
UPDATE slots s SET task_id = NULL, attempt = NULL, leased_until = NULL
FROM attempts a WHERE s.task_id = a.task_id AND s.attempt = a.n AND a.ended_at IS NOT NULL
  AND a.task_id = ANY($1::uuid[])
"""

# Not a call: what is written down is that there may have been one. It takes no slot.
_DOUBT = """
WITH open AS (
    SELECT task_id FROM jobs
    WHERE task_id = $1 AND completed_at IS NULL AND settled_at IS NULL AND attempt IN ($2 - 1, $2)
    FOR UPDATE
), made AS (
    INSERT INTO attempts AS a (task_id, n, status, provider, protocol, model, credential_id, correlation,
                               error_class)
    SELECT task_id, $2, 'submitting', $3, $4, $5, $6, $7, $8 FROM open
    ON CONFLICT (task_id, n) DO UPDATE SET
        status = 'submitting', provider = excluded.provider, protocol = excluded.protocol,
        model = excluded.model, credential_id = excluded.credential_id, submitting_at = now(),
        sends = a.sends + 1, error_class = excluded.error_class
    WHERE a.status = 'deferred'
    RETURNING a.task_id
)
UPDATE jobs j SET attempt = $2 FROM made WHERE j.task_id = made.task_id
"""


async def restore(tx: Tx, jobs: Sequence[Row], attempts: Sequence[Row], tasks: Sequence[UUID]) -> None:
    """Write down jobs, then their attempts, and give back the slots of those that have ended."""
    await tx.execute(_JOBS, rows(jobs))
    await tx.execute(_ATTEMPTS, rows(attempts))
    await tx.execute(_FREE, list(tasks))


async def doubt(
    tx: Tx, task_id: UUID, n: int, place: tuple[str, str, str, str], correlation: str, error_class: str
) -> None:
    """Write down an attempt that may have been made at a place: provider, protocol, model, credential."""
    await tx.execute(_DOUBT, task_id, n, *place, correlation, error_class)
