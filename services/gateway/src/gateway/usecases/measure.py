"""What is measured of the gateway's tables."""

import math
from datetime import UTC, datetime

from runtime.db import Connection
from runtime.measure import Reading, Values

from gateway import metrics
from gateway.db import unanswered, uploads

UPLOAD_STATES = ("pending", "ready", "deleted")


class LiveTasks:
    """The unfinished tasks; looks no further back than the oldest one of the last time."""

    def __init__(self) -> None:
        self._since = datetime(2000, 1, 1, tzinfo=UTC)

    async def __call__(self, conn: Connection) -> list[Values]:
        """The tasks by phase, the overdue ones, and the age of the oldest unanswered one."""
        found = await unanswered.still_open(conn, self._since)
        if found.oldest is not None:
            self._since = found.oldest - unanswered.LATE_COMMIT
        phases = {(phase,): count for phase, count in found.phases.items()}
        return [phases, {(): found.overdue}, {(): found.unanswered_seconds}]


async def take_uploads(conn: Connection) -> list[Values]:
    """How many files there are, and what they take."""
    found = await uploads.held(conn)
    return [
        {(state,): found[state].files if state in found else 0 for state in UPLOAD_STATES},
        {(): math.fsum(each.size_bytes for each in found.values())},
    ]


def readings() -> list[Reading]:
    """All of them."""
    return [
        Reading("tasks", [metrics.LIVE, metrics.OVERDUE, metrics.UNANSWERED], LiveTasks()),
        Reading("uploads", [metrics.UPLOADS_HELD, metrics.UPLOADS_SIZE], take_uploads),
    ]
