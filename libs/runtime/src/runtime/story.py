"""What a service's own records say of one task: moments with what happened at each."""

from typing import Any
from uuid import UUID

import orjson

from runtime.db import Connection

# With an index of their own are only those that are still open; of all there are few.
_LETTERS = """
SELECT created_at AS at, 'dead letter' AS what, NULL::int AS attempt,
       json_build_object('topic', topic, 'reason', reason, 'replayed_at', replayed_at) AS said
FROM dead_letters WHERE subject = $1::uuid::text
"""


async def read(conn: Connection, own: str, task_id: UUID) -> list[dict[str, Any]]:
    """In time order. `own` is the service's query: of a task's UUID, rows of `at`, `what`, `attempt`, `said`.

    `said` is an object without a prompt, a secret or an address that holds one; its nulls are left out.
    """
    query = f"SELECT * FROM ({own} UNION ALL {_LETTERS}) AS s WHERE at IS NOT NULL ORDER BY at"
    return [_moment(row) for row in await conn.fetch(query, task_id)]


def _moment(row: Any) -> dict[str, Any]:
    said = orjson.loads(row["said"]) if isinstance(row["said"], str) else row["said"]
    known = {name: value for name, value in (said or {}).items() if value is not None}
    return {"at": row["at"], "what": row["what"], "attempt": row["attempt"], "said": known}
