"""A release that changes prices says so in the audit log: which, from what to what, and why."""

from collections.abc import Mapping

import orjson
import structlog
from runtime.db import Database

from gateway.db import audit, prices
from gateway.db.audit import Entry
from gateway.domain.prices import PriceChange, Rows, changes

log = structlog.get_logger()

ACTOR = "deployment"


class NotePrices:
    """A part that has done its work once it has started.

    It compares the catalog of this process with the prices last offered. The first catalog ever is where the
    log begins and no change. Not repeated later: two releases that run side by side would note each other.
    """

    name = "prices"

    def __init__(self, db: Database, offered: Mapping[str, Rows], reason: str | None = None) -> None:
        self._db, self._reason = db, reason
        self._offered: dict[str, Rows] = orjson.loads(orjson.dumps(dict(offered), default=str))

    async def start(self) -> None:
        """Note what is another price than before."""
        async with self._db.transaction() as tx:
            known = await prices.known(tx)
            made = changes(known, self._offered)
            await prices.put(tx, made)
            for each in made if known else []:
                await audit.record(tx, self._entry(each))
        if known and made:
            log.info("prices_changed", models=[each.model for each in made])

    def _entry(self, change: PriceChange) -> Entry:
        detail = {"before": change.before, "after": change.after}
        return Entry(ACTOR, change.action, change.model, reason=self._reason, detail=detail)

    async def stop(self) -> None:
        """The rows stay."""

    def unready(self) -> str | None:
        """It has no state of its own."""
        return None

    def fault(self) -> str | None:
        """Never a reason to restart."""
        return None
