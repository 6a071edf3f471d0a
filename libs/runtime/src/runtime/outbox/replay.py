"""Replay: have the relay send rows again that it has sent, for a broker that lost them.

The cursor is moved back by one statement that the relay's own compare-and-set can't overtake: a relay that
works meanwhile finds the cursor elsewhere and starts over from there; an idle one is told.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from runtime.db import Tx
from runtime.outbox.relay import CHANNEL, MOVED, Cursor

_NOW = "SELECT epoch, txid::text AS txid, id FROM outbox_cursor WHERE name = 'relay' FOR UPDATE"
_RETAINED = """
SELECT to_date(right(min(c.relname), 8), 'YYYYMMDD') AS day
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'outbox'::regclass
"""
_FIRST = """
SELECT epoch, txid::text AS txid, id FROM outbox WHERE created_at >= $1
ORDER BY outbox.epoch, outbox.txid, outbox.id LIMIT 1
"""
_MOVE = "UPDATE outbox_cursor SET epoch = $1, txid = $2::text::xid8, id = $3 WHERE name = 'relay'"
_AGAIN = """
SELECT count(*) FROM outbox
WHERE (epoch, txid, id) > ($1, $2::text::xid8, $3) AND (epoch, txid, id) <= ($4, $5::text::xid8, $6)
"""
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class ReplayRefused(ValueError):
    """The rows asked for are not there any more, or were never sent. The message is for the operator."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What will be sent again: `rows` rows after the cursor `after`."""

    rows: int
    after: Cursor


async def run(dsn: str, *, moment: str | None = None, cursor: str | None = None) -> str:
    """The command: from a moment (ISO 8601) or after a cursor, else all; what will be sent, in words.

    Raises ValueError, ReplayRefused among it, with what the operator should know.
    """
    at = None if moment is None else datetime.fromisoformat(moment)
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    conn = await asyncpg.connect(dsn)
    try:
        async with conn.transaction():
            tx = Tx(conn)
            replay = await (after(tx, from_text(cursor)) if cursor else since(tx, at))
    finally:
        await conn.close()
    return f"{replay.rows} rows after {text(replay.after)} will be sent again"


async def since(tx: Tx, moment: datetime | None) -> Replay:
    """Send again what was written at or after a moment; None for all that is retained.

    Order is by transaction, so some older rows may come along. Raises ReplayRefused.
    """
    day = await tx.fetchval(_RETAINED)
    if moment is not None and (day is None or moment.astimezone(UTC).date() < day):
        raise ReplayRefused(f"the outbox reaches back to {day} 00:00 UTC only")
    first = await _first(tx, moment or _BEGINNING)
    return await _move(tx, Cursor(first.epoch, first.txid, first.id - 1))


async def after(tx: Tx, cursor: Cursor) -> Replay:
    """Send again what comes after a cursor. Raises ReplayRefused."""
    first = await _first(tx, _BEGINNING)
    if _order(cursor) < (first.epoch, int(first.txid), first.id - 1):
        raise ReplayRefused(f"the first row of the outbox is {text(first)}: what came before is gone")
    return await _move(tx, cursor)


def text(cursor: Cursor) -> str:
    """A cursor as operators see and give it: `epoch/transaction/row`."""
    return f"{cursor.epoch}/{cursor.txid}/{cursor.id}"


def from_text(given: str) -> Cursor:
    """Read what `text` writes. Raises ValueError."""
    epoch, txid, row = (int(part) for part in given.split("/"))
    return Cursor(epoch, str(txid), row)


async def _first(tx: Tx, moment: datetime) -> Cursor:
    row = await tx.fetchrow(_FIRST, moment)
    if row is None:
        raise ReplayRefused("the outbox has no such rows")
    return Cursor(row["epoch"], row["txid"], row["id"])


async def _move(tx: Tx, to: Cursor) -> Replay:
    row = await tx.fetchrow(_NOW)
    assert row is not None, "the migration makes the cursor"
    now = Cursor(row["epoch"], row["txid"], row["id"])
    if _order(to) >= _order(now):
        raise ReplayRefused(f"nothing after {text(to)} has been sent yet: the relay is at {text(now)}")
    again = await tx.fetchval(_AGAIN, to.epoch, to.txid, to.id, now.epoch, now.txid, now.id)
    await tx.execute(_MOVE, to.epoch, to.txid, to.id)
    await tx.execute(f"NOTIFY {CHANNEL}, '{MOVED}'")
    return Replay(again, to)


def _order(cursor: Cursor) -> tuple[int, int, int]:
    return cursor.epoch, int(cursor.txid), cursor.id
