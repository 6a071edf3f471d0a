"""What customers paid against what providers bill, by groups: over all accounts, live credits only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from runtime.db import Connection

from gateway.db.usage import MOST_GROUPS

_COLUMNS = {
    "day": "(requested_at AT TIME ZONE 'UTC')::date::text",
    "model": "model",
    "provider": "completed_provider",
}
GROUPS = tuple(_COLUMNS)
_UNKNOWN = "cost_micro IS NULL AND completed_outcome = 'succeeded'"


async def by_groups(
    conn: Connection, since: datetime, before: datetime, groups: Sequence[str]
) -> list[dict[str, Any]]:
    """At most `MOST_GROUPS` + 1 rows of tasks that providers have finished: g0, g1…, how many, settled and
    billed micro-credits, and apart from both the tasks whose bill is unknown with what was settled for them.

    Tasks count by the time of their request; a failure without a bill costs nothing.
    """
    selected = "".join(f"{_COLUMNS[name]} AS g{number}, " for number, name in enumerate(groups))
    keys = ", ".join(str(number) for number in range(1, len(groups) + 1))
    found = await conn.fetch(
        f"""
        SELECT {selected} count(*) AS tasks,
               coalesce(sum(charged_micro) FILTER (WHERE NOT ({_UNKNOWN})), 0)::bigint AS settled_micro,
               coalesce(sum(cost_micro), 0)::bigint AS cost_micro,
               count(*) FILTER (WHERE {_UNKNOWN}) AS unknown_tasks,
               coalesce(sum(charged_micro) FILTER (WHERE {_UNKNOWN}), 0)::bigint AS unknown_settled_micro
        FROM tasks
        WHERE asset = 'credit' AND completed_at IS NOT NULL AND requested_at >= $1 AND requested_at < $2
        {f"GROUP BY {keys} ORDER BY {keys}" if keys else ""} LIMIT $3
        """,
        since,
        before,
        MOST_GROUPS + 1,
    )
    return [dict(row) for row in found]
