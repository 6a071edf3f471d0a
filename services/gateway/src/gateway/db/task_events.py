"""The history of tasks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.ids import to_text
from runtime.db import Connection, Tx, rows

from gateway.domain.facts import Delivered
from gateway.domain.projection import Event

CHANNEL = "task_events"
_IDS_PER_NOTIFY = 200  # a payload holds 8000 bytes

_INSERT = """
INSERT INTO task_events (task_id, seq, type, at, data)
SELECT task_id, seq, type, at, data
FROM json_to_recordset($1::json) AS r(task_id uuid, seq int, type text, at timestamptz, data json)
"""
_AFTER = """
SELECT e.task_id, e.seq, e.type, e.at, e.data
FROM json_to_recordset($1::json) AS r(task_id uuid, after int)
JOIN task_events e ON e.task_id = r.task_id AND e.seq > r.after
ORDER BY e.task_id, e.seq
"""

# After whatever the history ends with; the same delivery and round is noted once.
_DELIVERED = """
WITH news AS (
    SELECT r.task_id, r.type, r.at, r.data,
           row_number() OVER (PARTITION BY r.task_id ORDER BY r.at, r.delivery_id) AS n
    FROM json_to_recordset($1::json)
        AS r(task_id uuid, account_id uuid, delivery_id text, round int, type text, at timestamptz, data json)
    JOIN tasks t ON t.id = r.task_id AND t.account_id = r.account_id
    WHERE NOT EXISTS (
        SELECT FROM task_events e
        WHERE e.task_id = r.task_id AND e.type IN ('webhook_delivered', 'webhook_given_up')
          AND e.data ->> 'delivery_id' = r.delivery_id AND (e.data ->> 'round')::int = r.round)
), moved AS (
    UPDATE tasks t SET seq = t.seq + c.n FROM (SELECT task_id, count(*) AS n FROM news GROUP BY 1) c
    WHERE t.id = c.task_id RETURNING t.id, t.seq - c.n AS before
)
INSERT INTO task_events (task_id, seq, type, at, data)
SELECT news.task_id, moved.before + news.n, news.type, news.at, news.data
FROM news JOIN moved ON moved.id = news.task_id
RETURNING task_id
"""


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """An event with the task it belongs to."""

    task_id: UUID
    seq: int
    type: str
    at: datetime
    data: dict[str, Any] | None


async def insert(tx: Tx, events: Iterable[tuple[UUID, Event]]) -> None:
    """Append to histories."""
    items = [
        {"task_id": task_id, "seq": e.seq, "type": e.type, "at": e.at, "data": e.data}
        for task_id, e in events
    ]
    if items:
        await tx.execute(_INSERT, rows(items))


async def insert_deliveries(tx: Tx, deliveries: Iterable[Delivered]) -> set[UUID]:
    """Append what became of webhooks, once each, also to histories that have ended; the tasks with news."""
    items = {(each.delivery_id, each.round): _delivered(each) for each in deliveries}
    if not items:
        return set()
    return {row["task_id"] for row in await tx.fetch(_DELIVERED, rows(items.values()))}


def _delivered(fact: Delivered) -> dict[str, Any]:
    shown = {
        "delivery_id": to_text("whd_", fact.delivery_id),
        "round": fact.round,
        "endpoint_id": None if fact.endpoint_id is None else to_text("wh_", fact.endpoint_id),
        "attempts": fact.attempts,
        "status": fact.status,
    }
    if fact.reason is not None:
        shown["reason"] = fact.reason
    return {
        "task_id": fact.task_id,
        "account_id": fact.account_id,
        "delivery_id": shown["delivery_id"],
        "round": fact.round,
        "type": f"webhook_{fact.outcome}",
        "at": fact.at,
        "data": shown,
    }


async def after(conn: Connection, wanted: Mapping[UUID, int]) -> list[TaskEvent]:
    """The events of each task past a sequence number, in order."""
    if not wanted:
        return []
    found = await conn.fetch(_AFTER, rows({"task_id": t, "after": seq} for t, seq in wanted.items()))
    return [TaskEvent(**row) for row in found]


async def notify(conn: Connection, task_ids: Iterable[UUID]) -> None:
    """Tell every process which tasks have news. Only after the commit, and only as a hint."""
    ids = [task_id.hex for task_id in task_ids]
    for start in range(0, len(ids), _IDS_PER_NOTIFY):
        payload = ",".join(ids[start : start + _IDS_PER_NOTIFY])
        await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)


def notified(payload: str) -> list[UUID]:
    """The tasks that a notification names; none if it isn't one of ours."""
    try:
        return [UUID(hex=part) for part in payload.split(",") if part]
    except ValueError:
        return []
