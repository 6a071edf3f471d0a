"""The books in a few figures, for graphs."""

from runtime.db import Connection

_TOTALS = """
SELECT asset, coalesce(sum(available_micro), 0)::bigint AS available,
       coalesce(sum(held_micro), 0)::bigint AS held
FROM balances GROUP BY asset
"""
_EXPIRED = """
SELECT count(*) FROM tasks t, sweep_watermark w
WHERE t.expires_at >= w.swept_until AND t.expires_at <= now() - interval '5 minutes' AND t.closed_at IS NULL
"""


async def totals(conn: Connection) -> dict[tuple[str, str], int]:
    """Micro-credits of all accounts together, by asset and part of the balance."""
    rows = await conn.fetch(_TOTALS)
    return {(row["asset"], part): row[part] for row in rows for part in ("available", "held")}


async def expired(conn: Connection) -> int:
    """Open holds more than five minutes past their time."""
    return int(await conn.fetchval(_EXPIRED))
