"""What an operator does with dead letters: look at them, and have one handled again by its own reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from runtime.bus.batches import Apply
from runtime.bus.record import Translator, decode
from runtime.db import PERMANENT, Database

_SHOWN = """
    id, topic, partition, "offset", subject, encode(key, 'escape') AS key, reason, error, created_at,
    replayed_at
"""
_PAGE = f"""
SELECT {_SHOWN} FROM dead_letters
WHERE ($1::boolean IS NULL OR (replayed_at IS NULL) = $1) AND ($2::bigint IS NULL OR id < $2)
ORDER BY id DESC LIMIT $3
"""
_ONE = f"SELECT {_SHOWN}, headers, encode(value, 'escape') AS value FROM dead_letters WHERE id = $1"
_LOCK = """
SELECT topic, partition, "offset", key, headers, value, replayed_at FROM dead_letters
WHERE id = $1 FOR UPDATE
"""
_DONE = "UPDATE dead_letters SET replayed_at = now() WHERE id = $1"
_COUNT = "SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL"


class NotReplayed(Exception):
    """A dead letter stays one: `code` is stable, the message is for the operator."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Letters:
    """The dead letters of one reader, and how it handles a record."""

    db: Database
    translators: Mapping[str, Translator]
    apply: Apply

    async def open(self) -> int:
        """How many have not been replayed."""
        found: int = await self.db.pool.fetchval(_COUNT)
        return found

    async def page(self, still_open: bool | None, before: int | None, limit: int) -> list[dict[str, Any]]:
        """Newest first, without the records themselves: those not replayed yet, the others, or all (None)."""
        return [dict(row) for row in await self.db.pool.fetch(_PAGE, still_open, before, limit)]

    async def show(self, letter_id: int) -> dict[str, Any] | None:
        """One with its record: headers, and the value with bytes that are no ASCII escaped."""
        row = await self.db.pool.fetchrow(_ONE, letter_id)
        return None if row is None else dict(row)

    async def replay(self, letter_id: int) -> bool:
        """Handle it again as its reader does, in one transaction; False when there is no such letter.

        One that was replayed before stays as it is. Raises NotReplayed when it can't be handled still.
        """
        try:
            async with self.db.transaction() as tx:
                row = await tx.fetchrow(_LOCK, letter_id)
                if row is None or row["replayed_at"] is not None:
                    return row is not None
                fact = self._fact(dict(row))
                if fact is not None:
                    await self.apply(tx, [fact])
                await tx.execute(_DONE, letter_id)
        except PERMANENT as error:
            raise NotReplayed(
                "dead_letter_unprocessable", f"{type(error).__name__}: {error}"[:500]
            ) from error
        return True

    def _fact(self, row: Mapping[str, Any]) -> Any:
        headers = tuple((name, value.encode()) for name, value in row["headers"].items())
        values = {name: row[name] for name in ("topic", "partition", "offset", "key", "value")}
        item = decode(SimpleNamespace(**values, headers=headers), self.translators)
        if item.fault is not None:
            raise NotReplayed("dead_letter_unreadable", f"{item.fault.reason}: {item.fault.error}")
        return item.fact
