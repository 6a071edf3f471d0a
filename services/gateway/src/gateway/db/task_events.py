"""The history of tasks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from runtime.db import Connection, Tx, rows

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
