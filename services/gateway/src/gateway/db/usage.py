"""What an account has made and spent, from its tasks; deleted ones count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from runtime.db import Connection

# Two indexes, one for what is there and one for what was deleted.
_TASKS = """
(SELECT {columns} FROM tasks WHERE account_id = $1 AND deleted_at IS NULL
 UNION ALL
 SELECT {columns} FROM tasks WHERE account_id = $1 AND deleted_at IS NOT NULL) AS t
"""
_DAYS = f"""
SELECT (requested_at AT TIME ZONE 'UTC')::date AS day,
       count(*) FILTER (WHERE NOT model = ANY($3::text[])) AS generations,
       count(*) FILTER (WHERE model = ANY($3::text[])) AS images,
       count(*) FILTER (WHERE status = 'succeeded') AS completed,
       coalesce(sum(charged_micro), 0)::bigint AS charged_micro
FROM {_TASKS.format(columns="requested_at, model, status, charged_micro, asset")}
WHERE asset = $2 AND requested_at >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
                                     - make_interval(days => $4 - 1)
GROUP BY 1 ORDER BY 1
"""
_SUMMARY = f"""
SELECT count(*) FILTER (WHERE NOT model = ANY($3::text[])) AS generations,
       count(*) FILTER (WHERE model = ANY($3::text[])) AS images,
       mode() WITHIN GROUP (ORDER BY model) AS favourite,
       coalesce(sum(charged_micro), 0)::bigint AS charged_micro,
       coalesce(sum((SELECT sum((a->>'duration_ms')::bigint) FROM json_array_elements(assets) AS a
                     WHERE a->>'kind' = 'video' AND a->>'role' IS NULL)), 0)::bigint AS video_ms
FROM {_TASKS.format(columns="model, charged_micro, assets, asset")}
WHERE asset = $2
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
