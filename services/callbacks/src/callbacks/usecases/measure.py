"""What is measured of callbacks' tables."""

from runtime.db import Connection
from runtime.measure import Reading, Values

from callbacks import metrics
from callbacks.db import figures
from callbacks.usecases.deliver_messages import WORK


async def take_pending(conn: Connection) -> list[Values]:
    """Deliveries on their way, and how old the oldest of them is."""
    found = await figures.pending(conn, WORK)
    states = {state: found.get(state, (0, 0.0)) for state in ("new", "retrying")}
    return [
        {(state,): count for state, (count, _) in states.items()},
        {(state,): oldest for state, (_, oldest) in states.items()},
    ]


async def take_endpoints(conn: Connection) -> list[Values]:
    """Customers' endpoints by how they do."""
    found = await figures.endpoints(conn)
    return [{(state,): found.get(state, 0) for state in ("working", "failing", "disabled")}]


def readings() -> list[Reading]:
    """All of them."""
    return [
        Reading("pending", [metrics.PENDING, metrics.OLDEST_PENDING], take_pending),
        Reading("endpoints", [metrics.ENDPOINTS], take_endpoints),
    ]
