"""Tasks with their copies: written once, read by workers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from runtime.db import Connection, Tx, rows

from storage.domain.task import LastFault, Output, Succeeded, Task

# The rows come sorted by task id, so that two batches can't wait for each other.
_ADD_TASKS = """
INSERT INTO tasks (task_id, account_id, attempt, provider, protocol, provider_job_id, credential_id, derive,
                   deadline, traceparent)
SELECT task_id, account_id, attempt, provider, protocol, provider_job_id, credential_id, derive, deadline,
       traceparent
FROM json_to_recordset($1::json) AS r(
    task_id uuid, account_id uuid, attempt int, provider text, protocol text, provider_job_id text,
    credential_id text, derive json, deadline timestamptz, traceparent text)
WHERE NOT EXISTS (SELECT FROM deletions d WHERE d.task_id = r.task_id)
ON CONFLICT (task_id) DO NOTHING
RETURNING task_id
"""

_ADD_COPIES = """
INSERT INTO copies (task_id, attempt, index, kind, role, url)
SELECT task_id, attempt, index, kind, role, url
FROM json_to_recordset($1::json) AS r(task_id uuid, attempt int, index int, kind text, role text, url text)
"""

_LOAD = """
SELECT t.task_id, t.account_id, t.attempt, t.provider, t.protocol, t.provider_job_id, t.credential_id,
       t.derive, t.deadline, t.traceparent, t.fault_code, t.fault_count, t.ended_at IS NOT NULL AS ended,
       now() AS now,
       (SELECT json_agg(json_build_array(c.index, c.kind, c.role, c.url) ORDER BY c.index) FROM copies c
        WHERE c.task_id = t.task_id AND c.attempt = t.attempt AND c.url IS NOT NULL) AS outputs
FROM tasks t WHERE t.task_id = ANY($1::uuid[])
"""


async def add(tx: Tx, facts: Sequence[Succeeded]) -> list[Succeeded]:
    """Write down tasks with their outputs; those that were not there yet."""
    ordered = sorted(facts, key=lambda fact: fact.task_id.bytes)
    found = await tx.fetch(_ADD_TASKS, rows(_task_row(fact) for fact in ordered))
    new = {row["task_id"] for row in found}
    added = [fact for fact in ordered if fact.task_id in new]
    outputs = [_output_row(fact, output) for fact in added for output in fact.outputs]
    if outputs:
        await tx.execute(_ADD_COPIES, rows(outputs))
    return added


async def load(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Task]:
    """The tasks as they stand; what isn't there is left out."""
    return {row["task_id"]: _task(row) for row in await conn.fetch(_LOAD, list(ids))}


def _task_row(fact: Succeeded) -> dict[str, Any]:
    return {
        "task_id": fact.task_id,
        "account_id": fact.account_id,
        "attempt": fact.attempt,
        "provider": fact.provider,
        "protocol": fact.protocol,
        "provider_job_id": fact.provider_job_id,
        "credential_id": fact.credential_id,
        "derive": fact.derive,
        "deadline": fact.deadline,
        "traceparent": fact.traceparent,
    }


def _output_row(fact: Succeeded, output: Output) -> dict[str, Any]:
    return {
        "task_id": fact.task_id,
        "attempt": fact.attempt,
        "index": output.index,
        "kind": output.kind,
        "role": output.role,
        "url": output.url,
    }


def _task(row: asyncpg.Record) -> Task:
    fact = Succeeded(
        task_id=row["task_id"],
        account_id=row["account_id"],
        attempt=row["attempt"],
        outputs=tuple(Output(*each) for each in row["outputs"] or ()),
        derive=tuple(row["derive"]),
        provider=row["provider"],
        protocol=row["protocol"],
        provider_job_id=row["provider_job_id"],
        credential_id=row["credential_id"],
        deadline=row["deadline"],
        traceparent=row["traceparent"],
    )
    fault = LastFault(row["fault_code"], row["fault_count"]) if row["fault_code"] else None
    return Task(fact, fault, row["ended"], row["now"])
