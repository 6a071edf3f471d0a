"""Jobs: read with their attempts, and filled by facts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import asyncpg
from runtime.db import Connection, Tx, rows

from dispatcher.domain.facts import TaskFacts
from dispatcher.domain.job import Attempt, Job

_LOAD = """
SELECT now() AS now, j.task_id, j.account_id, j.requested_at IS NOT NULL AS requested,
       (SELECT j.requested_at <= lost_at FROM recovery) AS before_loss,
       (SELECT restored_at FROM recovery) AS restored_at,
       j.frozen_at IS NOT NULL AS frozen,
       j.settled_at IS NOT NULL OR j.deleted_at IS NOT NULL AS settled,
       j.completed_at IS NOT NULL AS completed, j.cancel_reason, j.asset, j.model, j.derive, j.price_rule,
       j.deadline, j.traceparent,
       CASE WHEN a.n IS NULL OR a.n = j.attempt AND a.status NOT IN ('submitting', 'submitted')
            THEN j.input END AS input,
       a.n, a.status, a.provider, a.protocol, a.model AS provider_model, a.credential_id, a.correlation,
       a.sends, a.submitting_at, a.provider_job_id, a.hint_job_id, a.polls, a.gone_at, a.cancel,
       a.cost_rule, a.progress, a.percent, a.error_class, a.error_message, a.orphan
FROM jobs j LEFT JOIN attempts a ON a.task_id = j.task_id
WHERE j.task_id = ANY($1::uuid[])
ORDER BY j.task_id, a.n
"""

_LOCK = """
SELECT task_id, completed_at IS NOT NULL AS completed
FROM jobs WHERE task_id = ANY($1::uuid[]) ORDER BY task_id FOR UPDATE
"""

# The rows come sorted by task id, so that two batches can't wait for each other.
_MERGE = """
INSERT INTO jobs AS j (task_id, account_id, requested_at, asset, model, input, derive, price_rule, deadline,
                       traceparent, frozen_at, cancel_requested_at, cancel_reason, deleted_at, settled_at,
                       settled_outcome)
SELECT task_id, account_id, requested_at, asset, model,
       CASE WHEN deleted_at IS NOT NULL AND requested_at IS NOT NULL THEN '{}'::json ELSE input END,
       derive, price_rule, deadline, traceparent,
       frozen_at, cancel_requested_at, cancel_reason, deleted_at, settled_at, settled_outcome
FROM json_to_recordset($1::json) AS r(
    task_id uuid, account_id uuid, requested_at timestamptz, asset text, model text, input json, derive json,
    price_rule json, deadline timestamptz, traceparent text, frozen_at timestamptz,
    cancel_requested_at timestamptz, cancel_reason text, deleted_at timestamptz,
    settled_at timestamptz, settled_outcome text)
ON CONFLICT (task_id) DO UPDATE SET
    requested_at = coalesce(j.requested_at, excluded.requested_at),
    asset = coalesce(j.asset, excluded.asset),
    model = coalesce(j.model, excluded.model),
    input = CASE WHEN coalesce(j.deleted_at, excluded.deleted_at) IS NULL
                 THEN coalesce(j.input, excluded.input)
                 WHEN coalesce(j.requested_at, excluded.requested_at) IS NOT NULL THEN '{}'::json END,
    derive = coalesce(j.derive, excluded.derive),
    price_rule = coalesce(j.price_rule, excluded.price_rule),
    deadline = coalesce(j.deadline, excluded.deadline),
    traceparent = coalesce(j.traceparent, excluded.traceparent),
    frozen_at = coalesce(j.frozen_at, excluded.frozen_at),
    cancel_requested_at = coalesce(j.cancel_requested_at, excluded.cancel_requested_at),
    cancel_reason = coalesce(j.cancel_reason, excluded.cancel_reason),
    deleted_at = coalesce(j.deleted_at, excluded.deleted_at),
    settled_at = coalesce(j.settled_at, excluded.settled_at),
    settled_outcome = coalesce(j.settled_outcome, excluded.settled_outcome)
WHERE (j.requested_at IS NULL AND excluded.requested_at IS NOT NULL)
   OR (j.frozen_at IS NULL AND excluded.frozen_at IS NOT NULL)
   OR (j.cancel_requested_at IS NULL AND excluded.cancel_requested_at IS NOT NULL)
   OR (j.deleted_at IS NULL AND excluded.deleted_at IS NOT NULL)
   OR (j.settled_at IS NULL AND excluded.settled_at IS NOT NULL)
RETURNING j.task_id, j.account_id,
          j.cancel_requested_at IS NOT NULL
          OR (j.requested_at IS NOT NULL AND j.frozen_at IS NOT NULL) AS ready,
          j.settled_at IS NOT NULL OR j.deleted_at IS NOT NULL AS settled,
          j.completed_at IS NOT NULL AS completed, j.attempt,
          extract(epoch FROM j.deadline - now())::float8 AS seconds_left
"""


# What providers said of an attempt may quote the prompt.
_FORGET = (
    "UPDATE attempts SET error_message = NULL WHERE task_id = ANY($1::uuid[]) AND error_message IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Merged:
    """A job that a batch changed. `ready`: request and hold are known, or a cancel that needs neither."""

    task_id: UUID
    account_id: UUID
    ready: bool
    settled: bool
    completed: bool
    attempt: int
    seconds_left: float | None


async def load(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Job]:
    """The jobs with all their attempts; what isn't there is left out."""
    found = await conn.fetch(_LOAD, ids)
    return {
        task_id: _job(list(group)) for task_id, group in groupby(found, key=lambda record: record["task_id"])
    }


async def lock(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, bool]:
    """Lock the rows in the one order everybody keeps; whether each is completed."""
    found = await tx.fetch(_LOCK, list(ids))
    return {record["task_id"]: record["completed"] for record in found}


async def merge(tx: Tx, tasks: Mapping[UUID, TaskFacts]) -> list[Merged]:
    """Fill columns that are empty. Only jobs that changed are returned: a repeat changes nothing."""
    found = await tx.fetch(_MERGE, rows(_row(task) for task in tasks.values()))
    return [Merged(**dict(record)) for record in found]


async def forget(tx: Tx, tasks: Iterable[TaskFacts]) -> None:
    """Scrub what providers said of the attempts of tasks that were deleted."""
    deleted = [task.task_id for task in tasks if task.deleted is not None]
    if deleted:
        await tx.execute(_FORGET, deleted)


def _row(task: TaskFacts) -> dict[str, object]:
    requested, frozen, settled = task.requested, task.frozen, task.settled
    row: dict[str, object] = {"task_id": task.task_id, "account_id": task.account_id}
    if frozen is not None:
        row |= {
            "frozen_at": frozen.frozen_at,
            "deadline": frozen.deadline,
            "traceparent": frozen.traceparent,
        }
    if requested is not None:
        row |= {
            "requested_at": requested.requested_at,
            "asset": requested.asset,
            "model": requested.model,
            "input": requested.input,
            "derive": requested.derive,
            "price_rule": requested.price_rule,
            "deadline": requested.deadline,
            "traceparent": requested.traceparent,
        }
    if task.cancel is not None:
        row |= {"cancel_requested_at": task.cancel.requested_at, "cancel_reason": task.cancel.reason}
    if task.deleted is not None:
        row["deleted_at"] = task.deleted.deleted_at
    if settled is not None:
        row |= {"settled_at": settled.settled_at, "settled_outcome": settled.outcome}
    return row


def _job(records: list[asyncpg.Record]) -> Job:
    first = records[0]
    attempts = tuple(_attempt(record) for record in records if record["n"] is not None)
    return Job(
        task_id=first["task_id"],
        account_id=first["account_id"],
        now=first["now"],
        requested=first["requested"],
        frozen=first["frozen"],
        cancel=first["cancel_reason"],
        settled=first["settled"],
        completed=first["completed"],
        asset=first["asset"],
        model=first["model"],
        input=records[-1]["input"],
        derive=tuple(first["derive"] or ()),
        price_rule=first["price_rule"],
        deadline=first["deadline"],
        traceparent=first["traceparent"],
        attempts=attempts,
        uncertain=bool(first["before_loss"])
        and all(each.submitting_at < first["restored_at"] for each in attempts),
    )


def _attempt(record: asyncpg.Record) -> Attempt:
    return Attempt(
        n=record["n"],
        status=record["status"],
        provider=record["provider"],
        protocol=record["protocol"],
        model=record["provider_model"],
        credential_id=record["credential_id"],
        correlation=record["correlation"],
        sends=record["sends"],
        submitting_at=record["submitting_at"],
        job_id=record["provider_job_id"],
        hint_job_id=record["hint_job_id"],
        polls=record["polls"],
        gone_at=record["gone_at"],
        cancel=record["cancel"],
        cost_rule=record["cost_rule"],
        progress=record["progress"],
        percent=record["percent"],
        error_class=record["error_class"],
        error_message=record["error_message"],
        orphan=record["orphan"],
    )
