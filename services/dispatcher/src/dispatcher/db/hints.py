"""Webhooks' hints: which attempt they mean, and the job id that they name."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from runtime.db import Tx, rows

from dispatcher.domain.facts import Reported

_BY_JOB = """
SELECT a.task_id, a.n, a.provider_job_id, a.provider
FROM json_to_recordset($1::json) AS r(provider text, job_id text)
JOIN attempts a ON a.provider = r.provider AND a.provider_job_id = r.job_id
"""

# Only where the job id is not known, and only if it isn't another attempt's.
_KEEP = """
UPDATE attempts a SET hint_job_id = r.job_id
FROM json_to_recordset($1::json) AS r(task_id uuid, n int, provider text, job_id text)
WHERE a.task_id = r.task_id AND a.n = r.n AND a.provider = r.provider
  AND a.provider_job_id IS NULL AND a.hint_job_id IS NULL
  AND a.status IN ('submitting', 'unknown', 'absent')
  AND NOT EXISTS (SELECT FROM attempts o WHERE o.provider = r.provider AND o.provider_job_id = r.job_id)
"""

_ORPHANS = """
SELECT DISTINCT j.task_id, j.account_id FROM jobs j JOIN attempts a ON a.task_id = j.task_id
WHERE j.task_id = ANY($1::uuid[]) AND a.orphan = 'suspected'
"""


@dataclass(frozen=True, slots=True)
class Named:
    """A hint about a known (task, attempt)."""

    task_id: UUID
    n: int
    provider: str
    job_id: str | None
    final: bool


async def name(tx: Tx, reports: Sequence[Reported]) -> list[Named]:
    """The attempts that the webhooks mean; one that names no task is found by its provider's job id."""
    named = [
        Named(each.task_id, each.attempt, each.provider, each.job_id, each.final)
        for each in reports
        if each.task_id is not None and each.attempt is not None
    ]
    by_job = {
        (each.provider, each.job_id): each
        for each in sorted(reports, key=lambda report: report.final)
        if each.task_id is None and each.job_id is not None
    }
    if by_job:
        given = rows({"provider": provider, "job_id": job_id} for provider, job_id in by_job)
        for found in await tx.fetch(_BY_JOB, given):
            report = by_job[found["provider"], found["provider_job_id"]]
            named.append(Named(found["task_id"], found["n"], report.provider, report.job_id, report.final))
    return named


async def keep_job_ids(tx: Tx, named: Sequence[Named]) -> int:
    """Keep the named job ids as leads for attempts that have none."""
    given = {
        (each.task_id, each.n): {
            "task_id": each.task_id,
            "n": each.n,
            "provider": each.provider,
            "job_id": each.job_id,
        }
        for each in reversed(named)
    }
    return await tx.execute(_KEEP, rows(given.values()))


async def orphans(tx: Tx, tasks: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """Of ended tasks those with a suspected orphan: (task, account)."""
    return [(row["task_id"], row["account_id"]) for row in await tx.fetch(_ORPHANS, list(tasks))]
