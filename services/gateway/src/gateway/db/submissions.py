"""Writing accepted requests: one statement for a batch of any size."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from runtime.db import Connection, Tx, rows

from gateway.domain.admission import Receipt, Scope, Submission

_EARLIER = """
SELECT k.account_id, k.surface, k.key, t.id, t.request_id, t.quote_micro, t.fingerprint, t.asset
FROM json_to_recordset($1::json) AS r(account_id uuid, surface text, key text)
JOIN idempotency_keys k USING (account_id, surface, key)
JOIN tasks t ON t.id = k.task_id
"""

_INSERT = """
WITH r AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json)
    AS r(task_id uuid, account_id uuid, asset text, key_id uuid, model text, input json, derive json,
         quote_micro bigint, price_rule json, surface text, request_id text, idempotency_key text,
         fingerprint text, traceparent text)
), new_tasks AS (
    INSERT INTO tasks (id, account_id, asset, key_id, model, input, derive, quote_micro, price_rule, surface,
                       request_id, idempotency_key, fingerprint, traceparent, requested_at, deadline,
                       repeated_at)
    SELECT task_id, account_id, asset, key_id, model, input, derive, quote_micro, price_rule, surface,
           request_id, idempotency_key, fingerprint, traceparent, now(), now() + $2, now()
    FROM r
), new_events AS (
    INSERT INTO task_events (task_id, seq, type, at) SELECT task_id, 1, 'requested', now() FROM r
), new_keys AS (
    INSERT INTO idempotency_keys (account_id, surface, key, task_id)
    SELECT account_id, surface, idempotency_key, task_id FROM r WHERE idempotency_key IS NOT NULL
), committed AS (
    UPDATE api_keys k SET committed_micro = k.committed_micro + s.micro
    FROM (SELECT key_id, sum(quote_micro)::bigint AS micro FROM r GROUP BY 1) s
    WHERE k.id = s.key_id AND k.spend_cap_micro IS NOT NULL
)
UPDATE balances b SET pending_micro = b.pending_micro + s.micro, live_tasks = b.live_tasks + s.tasks
FROM (SELECT account_id, asset, sum(quote_micro)::bigint AS micro, count(*)::integer AS tasks
      FROM r GROUP BY 1, 2) s
WHERE b.account_id = s.account_id AND b.asset = s.asset
"""


async def earlier(conn: Connection | Tx, scopes: Collection[Scope]) -> dict[Scope, Receipt]:
    """What was accepted before under these idempotency keys."""
    if not scopes:
        return {}
    wanted = rows({"account_id": account, "surface": surface, "key": key} for account, surface, key in scopes)
    found = await conn.fetch(_EARLIER, wanted)
    return {
        (row["account_id"], row["surface"], row["key"]): Receipt(
            row["id"], row["request_id"], row["quote_micro"], row["fingerprint"], row["asset"]
        )
        for row in found
    }


async def insert(tx: Tx, accepted: Iterable[Submission], lifetime: timedelta) -> None:
    """Write tasks, first events, idempotency records and what is now pending."""
    await tx.execute(_INSERT, rows(_row(submission) for submission in accepted), lifetime)


_FIELDS: Sequence[str] = (
    "task_id",
    "account_id",
    "asset",
    "key_id",
    "model",
    "input",
    "derive",
    "quote_micro",
    "price_rule",
    "surface",
    "request_id",
    "idempotency_key",
    "fingerprint",
    "traceparent",
)


def _row(submission: Submission) -> dict[str, object]:
    return {name: getattr(submission, name) for name in _FIELDS}
