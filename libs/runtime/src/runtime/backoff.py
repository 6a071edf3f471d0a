"""Exponential backoff with full jitter."""

import random


class Backoff:
    """Waits between `first / 2` and a doubling bound, at most `most` seconds."""

    def __init__(self, first: float, most: float) -> None:
        self._first, self._most = first, most
        self._bound = first

    def next(self) -> float:
        """The next wait in seconds."""
        bound = self._bound
        self._bound = min(self._bound * 2, self._most)
        return random.uniform(bound / 2, bound)

    def reset(self) -> None:
        """Start over after a success."""
        self._bound = self._first


def delay(tries: int, first: float, most: float) -> float:
    """The wait before the next try after `tries` tries, for rows that remember only their tries."""
    bound = min(first * 2.0 ** max(tries - 1, 0), most)
    return random.uniform(bound / 2, bound)
