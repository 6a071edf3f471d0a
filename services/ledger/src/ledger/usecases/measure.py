"""What is measured of the ledger's tables."""

from runtime.db import Connection
from runtime.measure import Reading, Values

from ledger import metrics
from ledger.db import figures


async def take_books(conn: Connection) -> list[Values]:
    """What all accounts have, and the holds that should be no more."""
    totals = await figures.totals(conn)
    balances = {key: micro / metrics.MICRO_PER_CREDIT for key, micro in totals.items()}
    return [balances, {(): await figures.expired(conn)}]


def readings() -> list[Reading]:
    """All of them."""
    return [Reading("books", [metrics.BALANCES, metrics.EXPIRED], take_books)]
