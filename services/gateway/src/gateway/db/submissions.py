"""Writing accepted requests: one statement for a batch of any size."""

from collections.abc import Collection, Iterable, Iterator

from runtime.db import Connection, Tx, rows

from gateway.domain.admission import Order, Receipt, Scope, Submission

_EARLIER = """
SELECT k.account_id, k.surface, k.key, k.task_ids, k.answer, t.fingerprint, t.asset
FROM json_to_recordset($1::json) AS r(account_id uuid, surface text, key text)
JOIN idempotency_keys k USING (account_id, surface, key)
JOIN tasks t ON t.id = k.task_ids[1]
"""

# The end of a statement whose `r` are new tasks: what they may cost is pending, and counts to keys' caps.
COUNT_PENDING = """\
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

# `task_ids` and `answer` come with the first task of an order that has a key.
_INSERT = (
    """
WITH r AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json)
    AS r(task_id uuid, account_id uuid, asset text, key_id uuid, model text, input json, derive json,
         quote_micro bigint, price_rule json, surface text, request_id text, idempotency_key text,
         fingerprint text, traceparent text, deadline_seconds int, metadata json, webhook_url text,
         task_ids uuid[], answer text)
), new_tasks AS (
    INSERT INTO tasks (id, account_id, asset, key_id, model, input, derive, quote_micro, price_rule, surface,
                       request_id, idempotency_key, fingerprint, traceparent, requested_at, deadline,
                       repeated_at, metadata, webhook_url)
    SELECT task_id, account_id, asset, key_id, model, input, derive, quote_micro, price_rule, surface,
           request_id, idempotency_key, fingerprint, traceparent, now(),
           now() + make_interval(secs => deadline_seconds), now(), metadata, webhook_url
    FROM r
), new_events AS (
    INSERT INTO task_events (task_id, seq, type, at) SELECT task_id, 1, 'requested', now() FROM r
), new_keys AS (
    INSERT INTO idempotency_keys (account_id, surface, key, task_ids, answer)
    SELECT account_id, surface, idempotency_key, task_ids, answer FROM r WHERE task_ids IS NOT NULL
"""
    + COUNT_PENDING
)


async def earlier(conn: Connection | Tx, scopes: Collection[Scope]) -> dict[Scope, Receipt]:
    """What was accepted before under these idempotency keys."""
    if not scopes:
        return {}
    wanted = rows({"account_id": account, "surface": surface, "key": key} for account, surface, key in scopes)
    found = await conn.fetch(_EARLIER, wanted)
    return {
        (row["account_id"], row["surface"], row["key"]): Receipt(
            tuple(row["task_ids"]),
            row["fingerprint"],
            row["asset"],
            None if row["answer"] is None else row["answer"].encode(),
        )
        for row in found
    }


async def insert(tx: Tx, accepted: Iterable[Order]) -> None:
    """Write tasks, first events, idempotency records and what is now pending."""
    await tx.execute(_INSERT, rows(row for order in accepted for row in _rows(order)))


def _rows(order: Order) -> Iterator[dict[str, object]]:
    for number, submission in enumerate(order.submissions):
        row: dict[str, object] = {name: getattr(submission, name) for name in Submission.__slots__}
        if number == 0 and submission.idempotency_key is not None:
            row["task_ids"] = [each.task_id for each in order.submissions]
            row["answer"] = order.answer.decode()
        yield row
