"""The dispatcher's tables in a few figures, for graphs."""

from runtime.db import Connection

_OVERDUE = """
SELECT count(*) FROM work w JOIN jobs j ON j.task_id = w.id
WHERE w.kind = 'job' AND j.completed_at IS NULL AND j.settled_at IS NULL
  AND j.deadline < now() - interval '1 minute'
"""
_SLOTS = """
SELECT provider, count(*) FILTER (WHERE task_id IS NOT NULL AND leased_until >= now()) AS taken,
       count(*) FILTER (WHERE task_id IS NULL OR leased_until < now()) AS free
FROM slots GROUP BY provider
"""
_WAITERS = """
SELECT split_part(split_part(kind, ':', 2), '/', 1) AS provider, count(*) AS tasks
FROM work WHERE kind LIKE 'turn:%' GROUP BY 1
"""
_ORPHANS = (
    "SELECT orphan, count(*) AS jobs FROM attempts WHERE orphan IN ('suspected', 'confirmed') GROUP BY 1"
)


async def overdue(conn: Connection) -> int:
    """Jobs that are still open a minute past their deadline: their outcome is uncertain."""
    return int(await conn.fetchval(_OVERDUE))


async def slots(conn: Connection) -> dict[tuple[str, str], int]:
    """Slots by provider and state: taken, free."""
    rows = await conn.fetch(_SLOTS)
    return {(row["provider"], state): row[state] for row in rows for state in ("taken", "free")}


async def waiters(conn: Connection) -> dict[str, int]:
    """Tasks that wait for a slot, by provider."""
    return {row["provider"]: row["tasks"] for row in await conn.fetch(_WAITERS)}


async def orphans(conn: Connection) -> dict[str, int]:
    """Jobs that the operator may have paid for nothing, by how sure that is."""
    return {row["orphan"]: row["jobs"] for row in await conn.fetch(_ORPHANS)}
