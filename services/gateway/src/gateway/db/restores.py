"""After a restore: what the gateway had said is written down again, each thing once."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from runtime.db import Connection, Tx, rows

from gateway.db.submissions import COUNT_PENDING
from gateway.domain.again import GrantedAgain, RequestedAgain

_KNOWN = "SELECT id FROM tasks WHERE id = ANY($1::uuid[])"
_TASKS = (
    """
WITH r AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json)
    AS r(task_id uuid, account_id uuid, asset text, key_id uuid, model text, input json, derive json,
         quote_micro bigint, price_rule json, surface text, request_id text, idempotency_key text,
         fingerprint text, traceparent text, requested_at timestamptz, deadline timestamptz, metadata json,
         webhook_url text, "order" uuid[], answer text)
), new_tasks AS (
    INSERT INTO tasks (id, account_id, asset, key_id, model, input, derive, quote_micro, price_rule, surface,
                       request_id, idempotency_key, fingerprint, traceparent, requested_at, deadline,
                       repeated_at, metadata, webhook_url)
    SELECT task_id, account_id, asset, key_id, model, input, derive, quote_micro, price_rule, surface,
           request_id, idempotency_key, fingerprint, traceparent, requested_at, deadline, now(), metadata,
           webhook_url
    FROM r
), new_events AS (
    INSERT INTO task_events (task_id, seq, type, at) SELECT task_id, 1, 'requested', requested_at FROM r
), new_keys AS (
    INSERT INTO idempotency_keys (account_id, surface, key, task_ids, answer, created_at)
    SELECT account_id, surface, idempotency_key, "order", answer, requested_at
    FROM r WHERE idempotency_key IS NOT NULL AND cardinality("order") > 0
    ON CONFLICT DO NOTHING
"""
    + COUNT_PENDING
)

# A grant to an account that is younger than the backup has no row here; the ledger has booked it.
_GRANTS = """
WITH made AS (
    INSERT INTO grants (id, account_id, asset, amount_micro, kind, reason, granted_at)
    SELECT grant_id, account_id, asset, amount_micro, kind, reason, granted_at
    FROM json_to_recordset($1::json) AS r(grant_id uuid, account_id uuid, asset text, amount_micro bigint,
                                          kind text, reason text, granted_at timestamptz)
    WHERE EXISTS (SELECT FROM accounts a WHERE a.id = r.account_id)
    ON CONFLICT (id) DO NOTHING RETURNING account_id, asset, amount_micro
)
UPDATE balances b SET pending_micro = b.pending_micro + s.micro
FROM (SELECT account_id, asset, sum(greatest(-amount_micro, 0))::bigint AS micro FROM made GROUP BY 1, 2) s
WHERE b.account_id = s.account_id AND b.asset = s.asset
"""
_POSTPONE = """
WITH r AS (
    SELECT * FROM json_to_recordset($1::json) AS r(task_id uuid, reason text)
), emptied AS (
    UPDATE tasks t SET input = '{}', webhook_url = NULL FROM r
    WHERE t.id = r.task_id AND t.deleted_at IS NULL
)
INSERT INTO postponed_deletions (task_id, reason)
SELECT r.task_id, r.reason FROM r JOIN tasks t ON t.id = r.task_id AND t.deleted_at IS NULL
ON CONFLICT DO NOTHING
"""
_DUE = """
SELECT p.task_id, p.reason FROM postponed_deletions p JOIN tasks t ON t.id = p.task_id
WHERE t.finished_at IS NOT NULL LIMIT $1
"""
_DONE = "DELETE FROM postponed_deletions WHERE task_id = ANY($1::uuid[])"
_WARNED = "UPDATE balances SET low = true WHERE account_id = ANY($1::uuid[]) AND asset = 'credit'"


async def known(tx: Tx, task_ids: Collection[UUID]) -> set[UUID]:
    """Which of the tasks have a row."""
    return {row["id"] for row in await tx.fetch(_KNOWN, list(task_ids))} if task_ids else set()


async def insert(tx: Tx, tasks: Sequence[RequestedAgain]) -> None:
    """Write tasks that aren't known, their first events and idempotency records, and what is pending."""
    if tasks:
        await tx.execute(_TASKS, rows(_slots(task) for task in tasks))


async def grant(tx: Tx, grants: Sequence[GrantedAgain]) -> None:
    """Write grants that aren't known."""
    if grants:
        await tx.execute(_GRANTS, rows(_slots(each) for each in grants))


async def warned(tx: Tx, account_ids: Collection[UUID]) -> None:
    """These accounts' owners know that their credits are few."""
    if account_ids:
        await tx.execute(_WARNED, list(account_ids))


async def postpone(tx: Tx, deletions: Iterable[tuple[UUID, str]]) -> None:
    """Empty what is to be deleted, and finish when the tasks' ends are known."""
    given = [{"task_id": task_id, "reason": reason} for task_id, reason in deletions]
    if given:
        await tx.execute(_POSTPONE, rows(given))


async def due(conn: Connection, most: int) -> list[tuple[UUID, str]]:
    """Postponed deletions that can be finished, with their reasons."""
    return [(row["task_id"], row["reason"]) for row in await conn.fetch(_DUE, most)]


async def done(conn: Connection, task_ids: Collection[UUID]) -> None:
    """These are finished."""
    await conn.execute(_DONE, list(task_ids))


def _slots(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}
