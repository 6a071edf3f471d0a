"""Rest between rounds: a loop that works in batches waits in proportion to what its last round cost.

At little load a round takes milliseconds, so the wait hardly shows. When the machine is busy rounds take
longer, waits grow with them, batches fill, and the fixed cost of a round is shared by more.
"""

import asyncio
import time


class Rest:
    """Times a round and rests after it: `share` times its length, at most `most` seconds."""

    def __init__(self, share: float = 2.0, most: float = 0.1) -> None:
        self._share, self._most = share, most
        self._began = 0.0

    def begin(self) -> None:
        """A round begins."""
        self._began = time.monotonic()

    @property
    def due(self) -> float:
        """Seconds to rest after the round that began last."""
        return min((time.monotonic() - self._began) * self._share, self._most)

    async def take(self) -> None:
        """Rest."""
        await asyncio.sleep(self.due)
