"""Take no new work while what was taken can't be passed on."""

from runtime.outbox.backlog import Backlog

from gateway.domain.problem import overloaded

AGAIN_SECONDS = 10


class HaveRoom:
    """Asked before an order is taken; replays, reads, cancels and deletions go on."""

    def __init__(self, backlog: Backlog, most_seconds: float) -> None:
        self._backlog, self._most = backlog, most_seconds

    async def __call__(self) -> None:
        """Raises Problem 503 `overloaded` while the outbox's oldest unsent row is too old."""
        if await self._backlog.age_seconds() > self._most:
            raise overloaded(AGAIN_SECONDS)
