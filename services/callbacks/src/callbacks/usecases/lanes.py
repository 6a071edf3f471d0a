"""Turns at one receiver: a slow one takes up only its own few, and delays nobody else."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Lanes:
    """At most `width` at once per lane, within one process."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._taken: Counter[Hashable] = Counter()

    @contextmanager
    def turn(self, lane: Hashable) -> Iterator[bool]:
        """Whether there is room; if so it is taken until the end of the block."""
        free = self._taken[lane] < self._width
        if free:
            self._taken[lane] += 1
        try:
            yield free
        finally:
            if free:
                self._taken[lane] -= 1
            if not self._taken[lane]:
                del self._taken[lane]
