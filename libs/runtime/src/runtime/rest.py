"""Rest between rounds: a loop that works in batches works for a third of the time at most.

With little to do it never rests: each round is paid for by the idle time before it, so a lone record waits
for nobody. When there is more to do, rests grow with the length of the rounds, batches fill, and the fixed
cost of a round is shared by more.
"""

import asyncio
import time

_CREDIT_SECONDS = 0.25
"""How much idle time counts at most."""


class Rest:
    """Times rounds and rests after them: `share` times their length in the long run, never above `most` s."""

    def __init__(self, share: float = 2.0, most: float = 0.1) -> None:
        self._share, self._most = share, most
        self._began = self._paid = 0.0

    def begin(self) -> None:
        """A round begins."""
        self._began = time.monotonic()

    @property
    def due(self) -> float:
        """Seconds to rest before the next round."""
        return min(max(self._paid - time.monotonic(), 0.0), self._most)

    def end(self) -> None:
        """The round that began last is over."""
        took = time.monotonic() - self._began
        self._paid = max(self._paid, self._began - _CREDIT_SECONDS) + took * (1.0 + self._share)

    async def take(self) -> None:
        """End the round and rest."""
        self.end()
        if self.due:
            await asyncio.sleep(self.due)
