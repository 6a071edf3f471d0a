"""What is measured of the dispatcher's tables."""

import structlog
from runtime.db import Connection
from runtime.measure import Reading, Values

from dispatcher import metrics
from dispatcher.db import figures

log = structlog.get_logger()


async def take_overdue(conn: Connection) -> list[Values]:
    """Nothing waits in silence: the jobs that are open past their deadline are in the log, too."""
    count = await figures.overdue(conn)
    if count:
        log.warning("jobs_overdue", count=count)
    return [{(): count}]


async def take_slots(conn: Connection) -> list[Values]:
    """What providers allow at once, and who waits for it."""
    slots, waiting = await figures.slots(conn), await figures.waiters(conn)
    waiters = {(provider,): waiting.get(provider, 0) for provider, _ in slots}
    return [slots, waiters]


async def take_orphans(conn: Connection) -> list[Values]:
    """Jobs that nobody waits for any more and that may cost money."""
    found = await figures.orphans(conn)
    return [{(state,): found.get(state, 0) for state in ("suspected", "confirmed")}]


def readings() -> list[Reading]:
    """All of them."""
    return [
        Reading("overdue", [metrics.OVERDUE], take_overdue),
        Reading("slots", [metrics.SLOTS, metrics.SLOT_WAITERS], take_slots),
        Reading("orphans", [metrics.ORPHANS], take_orphans),
    ]
