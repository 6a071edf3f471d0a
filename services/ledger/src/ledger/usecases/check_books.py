"""Proves the books: every invariant over every row, on one snapshot."""

from dataclasses import dataclass

import asyncpg
from runtime.db import Connection

from ledger.db import proofs


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant, what was looked at, and how many of them are wrong."""

    invariant: str
    says: str
    figures: str
    wrong: int
    example: str | None


async def check_books(dsn: str) -> list[Finding]:
    """The findings in the order of their numbers; the books are right when none is wrong.

    On a connection of its own: it may take minutes on big tables, so no timeouts. Being read-only and without
    a transaction id, it holds up nobody's outbox. Raises OSError or asyncpg.PostgresError.
    """
    conn = await asyncpg.connect(
        dsn,
        server_settings={
            "application_name": "framebus-ledger-check",
            "statement_timeout": "0",
            "work_mem": "64MB",
            "jit": "off",
        },
    )
    try:
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            return await prove(conn)
    finally:
        await conn.close()


async def prove(conn: Connection) -> list[Finding]:
    """The findings as the connection's transaction sees the books."""
    rows = [dict(row) for sql in proofs.ALL for row in await conn.fetch(sql)]
    found = [Finding(**{**row, "wrong": int(row["wrong"])}) for row in rows]  # sums of counts are numeric
    return sorted(found, key=lambda finding: finding.invariant)
