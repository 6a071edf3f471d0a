"""The prices that were last offered."""

from collections.abc import Iterable

import orjson
from runtime.db import Tx, rows

from gateway.domain.prices import PriceChange, Rows

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('gateway.prices'))"
_KNOWN = "SELECT model, rows::text AS rows FROM prices"
_REMOVE = "DELETE FROM prices WHERE model = ANY($1::text[])"
_PUT = """
INSERT INTO prices (model, rows)
SELECT model, rows FROM json_to_recordset($1::json) AS r(model text, rows json)
ON CONFLICT (model) DO UPDATE SET rows = excluded.rows, changed_at = now()
"""


async def known(tx: Tx) -> dict[str, Rows]:
    """What is known, by model; nobody else may change it until the transaction ends."""
    await tx.execute(_LOCK)
    return {row["model"]: orjson.loads(row["rows"]) for row in await tx.fetch(_KNOWN)}


async def put(tx: Tx, changed: Iterable[PriceChange]) -> None:
    """Remember what is offered now."""
    made = list(changed)
    await tx.execute(_REMOVE, [each.model for each in made if each.after is None])
    left = [{"model": each.model, "rows": each.after} for each in made if each.after is not None]
    await tx.execute(_PUT, rows(left))
