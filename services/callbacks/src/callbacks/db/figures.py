"""The tables of deliveries and endpoints in a few figures, for graphs."""

from runtime.db import Connection

# Only what is pushed has a row of work; what listeners fetch waits for them.
_PENDING = """
SELECT CASE WHEN d.attempts = 0 THEN 'new' ELSE 'retrying' END AS state, count(*) AS deliveries,
       extract(epoch FROM now() - min(d.created_at))::float8 AS oldest
FROM work w JOIN deliveries d ON d.id = w.id
WHERE w.kind = $1 AND d.state = 'pending' GROUP BY 1
"""
_ENDPOINTS = """
SELECT CASE WHEN disabled_at IS NOT NULL THEN 'disabled' WHEN failing_since IS NOT NULL THEN 'failing'
            ELSE 'working' END AS state, count(*) AS endpoints
FROM endpoints WHERE url IS NOT NULL GROUP BY 1
"""


async def pending(conn: Connection, kind: str) -> dict[str, tuple[int, float]]:
    """Deliveries on their way and the age in seconds of the oldest, by state: new, retrying."""
    found = await conn.fetch(_PENDING, kind)
    return {row["state"]: (row["deliveries"], row["oldest"]) for row in found}


async def endpoints(conn: Connection) -> dict[str, int]:
    """Endpoints by state: working, failing, disabled."""
    return {row["state"]: row["endpoints"] for row in await conn.fetch(_ENDPOINTS)}
