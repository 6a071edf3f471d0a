"""What one provider may take of a worker: so many of its hands, and of its memory a few large answers."""

import asyncio
from collections import Counter

LARGE_BYTES = 1024 * 1024
LARGE_AT_ONCE = 4
"""Answers above `LARGE_BYTES` that are in memory at the same time; the longest may have 256 MB."""
SHARE = 0.875
"""What one provider may have of a worker's hands: when it hangs, the others' jobs go on.

More than one account may have of them (`runtime.work.worker.SHARE`), or its slow calls would shut the others
out there.
"""


class Bulkheads:
    """Counts what all steps of this process have taken. `hands`: how many steps there are at once."""

    def __init__(self, hands: int) -> None:
        self.most_calls = max(1, int(hands * SHARE))
        self.calls: Counter[str] = Counter()
        self.large = asyncio.Semaphore(LARGE_AT_ONCE)

    def share(self) -> "Share":
        """What one step has; to be left when the step is over."""
        return Share(self)


class Share:
    """A step's hand at a provider and its room for large answers; a context manager."""

    def __init__(self, all_: Bulkheads) -> None:
        self._all = all_
        self._provider: str | None = None
        self._roomy = self._left = False

    def enter(self, provider: str) -> bool:
        """Whether the step may call there; it lets go of the provider where it was before."""
        if provider == self._provider:
            return True
        if self._left or self._all.calls[provider] >= self._all.most_calls:
            return False
        self._go()
        self._provider = provider
        self._all.calls[provider] += 1
        return True

    async def room(self) -> None:
        """Wait for room for a large answer, kept until the step is over; the provider waits too, unread."""
        if not self._roomy and not self._left:
            await self._all.large.acquire()
            if self._over():  # meanwhile
                self._all.large.release()
            else:
                self._roomy = True

    def _over(self) -> bool:
        return self._left

    def _go(self) -> None:
        if self._provider is not None:
            self._all.calls[self._provider] -= 1
            self._provider = None

    def __enter__(self) -> "Share":
        return self

    def __exit__(self, *_: object) -> None:
        self._go()
        if self._roomy:
            self._all.large.release()
        self._roomy, self._left = False, True
