"""What an account has used: its tasks and what they cost, by groups."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from runtime.db import Connection

MOST_GROUPS = 5000
METADATA = "metadata."
_COLUMNS = {"day": "(requested_at AT TIME ZONE 'UTC')::date::text", "model": "model", "key": "key_id::text"}
GROUPS = tuple(_COLUMNS)
_FIRST_NAME = 6  # the parameters before the metadata's names


async def by_groups(
    conn: Connection,
    account_id: UUID,
    asset: str,
    since: datetime,
    before: datetime,
    groups: Sequence[str],
) -> list[dict[str, Any]]:
    """At most `MOST_GROUPS` + 1 rows: g0, g1… (texts or None), counts, micro-credits charged and open.

    `groups` are names of GROUPS or `metadata.NAME`; tasks count by the time of their request.
    """
    names = [each.removeprefix(METADATA) for each in groups if each.startswith(METADATA)]
    numbers = iter(range(_FIRST_NAME, _FIRST_NAME + len(names)))
    columns = [_COLUMNS.get(each) or f"metadata ->> ${next(numbers)}::text" for each in groups]
    keys = ", ".join(str(number) for number in range(1, len(columns) + 1))
    selected = "".join(f"{column} AS g{number}, " for number, column in enumerate(columns))
    found = await conn.fetch(
        f"""
        SELECT {selected} count(*) AS tasks,
               count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
               count(*) FILTER (WHERE status = 'failed') AS failed,
               count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
               coalesce(sum(charged_micro), 0)::bigint AS charged_micro,
               coalesce(sum(quote_micro) FILTER (WHERE closed_at IS NULL), 0)::bigint AS open_micro
        FROM tasks
        WHERE account_id = $1 AND asset = $2 AND requested_at >= $3 AND requested_at < $4
        {f"GROUP BY {keys} ORDER BY {keys}" if keys else ""} LIMIT $5
        """,
        account_id,
        asset,
        since,
        before,
        MOST_GROUPS + 1,
        *names,
    )
    return [dict(row) for row in found]
