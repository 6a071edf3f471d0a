"""Gives back holds that have outlived their time."""

import structlog
from runtime import failpoints
from runtime.db import Database

from ledger.db import expiry
from ledger.usecases.apply_facts import ApplyFacts

log = structlog.get_logger()

_AT_ONCE = 200


async def sweep_expired(db: Database, apply: ApplyFacts) -> int:
    """Release every hold past its time that no open dead letter speaks for; the number of those looked at.

    Each is decided again under its account's lock, so one that was settled a moment ago stays settled.
    """
    total = 0
    while True:
        async with db.transaction() as tx:
            found = await expiry.candidates(tx, _AT_ONCE)
        if found:
            async with db.transaction() as tx:
                await apply(tx, found)
                await failpoints.reach("ledger.swept")
            log.info("holds_expired", tasks=[str(fact.task_id) for fact in found])
        total += len(found)
        if len(found) < _AT_ONCE:
            break
    async with db.transaction(durable=False) as tx:
        await expiry.advance(tx)
    return total
