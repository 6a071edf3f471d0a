"""What an account has made and spent, from its tasks; deleted ones count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from runtime.db import Connection

MOST_GROUPS = 5000
METADATA = "metadata."
_COLUMNS = {"day": "(requested_at AT TIME ZONE 'UTC')::date::text", "model": "model", "key": "key_id::text"}
GROUPS = tuple(_COLUMNS)
_FIRST_NAME = 6  # the parameters before the metadata's names
_DAYS = """
SELECT (requested_at AT TIME ZONE 'UTC')::date AS day,
       count(*) FILTER (WHERE NOT model = ANY($3::text[])) AS generations,
       count(*) FILTER (WHERE model = ANY($3::text[])) AS images,
       count(*) FILTER (WHERE status = 'succeeded') AS completed,
       coalesce(sum(charged_micro), 0)::bigint AS charged_micro
FROM tasks
WHERE account_id = $1 AND asset = $2
  AND requested_at >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
                      - make_interval(days => $4 - 1)
GROUP BY 1 ORDER BY 1
"""
_SUMMARY = """
SELECT count(*) FILTER (WHERE NOT model = ANY($3::text[])) AS generations,
       count(*) FILTER (WHERE model = ANY($3::text[])) AS images,
       mode() WITHIN GROUP (ORDER BY model) AS favourite,
       coalesce(sum(charged_micro), 0)::bigint AS charged_micro,
       coalesce(sum((SELECT sum((a->>'duration_ms')::bigint) FROM json_array_elements(assets) AS a
                     WHERE a->>'kind' = 'video' AND a->>'role' IS NULL)), 0)::bigint AS video_ms
FROM tasks WHERE account_id = $1 AND asset = $2
"""


@dataclass(frozen=True, slots=True)
class Day:
    """A day in UTC on which something was asked for."""

    day: date
    generations: int
    images: int
    completed: int
    charged_micro: int


@dataclass(frozen=True, slots=True)
class Summary:
    """All that was ever asked for; the length of the videos that were not deleted."""

    generations: int
    images: int
    favourite: str | None
    charged_micro: int
    video_ms: int


async def days(
    conn: Connection, account_id: UUID, asset: str, image_models: Sequence[str], count: int
) -> list[Day]:
    """The last `count` days, today included; those without a request are left out."""
    found: list[Any] = await conn.fetch(_DAYS, account_id, asset, list(image_models), count)
    return [Day(**dict(row)) for row in found]


async def summary(conn: Connection, account_id: UUID, asset: str, image_models: Sequence[str]) -> Summary:
    """All of it."""
    row = await conn.fetchrow(_SUMMARY, account_id, asset, list(image_models))
    assert row is not None, "an aggregate has a row"
    return Summary(**dict(row))


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
