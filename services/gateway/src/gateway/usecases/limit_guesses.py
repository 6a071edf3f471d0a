"""How many wrong API keys an address may send: a limit for who guesses, no lock for who is beside them.

Keys hold 190 random bits, so nobody guesses one; the limit keeps guesses cheap for us and makes them seen.
Past it a key that worked in this process before still works, and one key a second that did not is looked up,
so the customers behind a guesser's NAT, or behind a proxy that hides all addresses, come in.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Any

import structlog

from gateway import metrics
from gateway.domain.problem import Problem

log = structlog.get_logger()

WINDOW_SECONDS = 60.0
LOOK_SECONDS = 1.0
"""Past the limit: how often a key that is not known to be good is looked up."""
MOST_ADDRESSES, MOST_GOOD = 10_000, 20_000
_V6_PREFIX = 64
"""One customer's network: the rest of an address is theirs to choose."""


@dataclass(slots=True)
class _Count:
    began: float
    wrong: int = 0
    last: bytes = b""
    next_look: float = 0.0


class LimitGuesses:
    """Counts wrong keys by address, in this process. `name` is a key's digest, never the key."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = per_minute, clock
        self._counts: dict[str, _Count] = {}
        self._good: dict[bytes, None] = {}

    def before_look(self, address: str, name: bytes) -> None:
        """Before a key is looked up. Raises Problem 429 when its address has guessed too often."""
        count = self._counts.get(network_of(address)) if self._counts else None
        if count is None or count.wrong < self._most or name in self._good:
            return
        now = self._clock()
        if now - count.began >= WINDOW_SECONDS:
            return
        if now < count.next_look:
            raise _limited(LOOK_SECONDS)
        count.next_look = now + LOOK_SECONDS

    def right(self, name: bytes) -> None:
        """A key was found."""
        self._good.pop(name, None)
        self._good[name] = None
        _bound(self._good, MOST_GOOD)

    def wrong(self, address: str, name: bytes) -> None:
        """A key was none of ours; the same one again is no guess. Raises Problem 429 past the limit."""
        count = self._count(network_of(address))
        limited = count.wrong >= self._most
        if name != count.last:
            count.wrong, count.last = count.wrong + 1, name
        if not limited:
            metrics.WRONG_KEYS.labels("refused").inc()
            return
        if count.wrong == self._most + 1:
            log.warning("wrong_keys_limited", address=address, wrong=count.wrong)
        raise _limited(WINDOW_SECONDS - (self._clock() - count.began))

    def _count(self, network: str) -> _Count:
        now, known = self._clock(), self._counts.get(network)
        if known is not None and now - known.began < WINDOW_SECONDS:
            return known
        self._counts.pop(network, None)
        made = self._counts[network] = _Count(now)
        _bound(self._counts, MOST_ADDRESSES)
        return made


def network_of(address: str) -> str:
    """Whom an address belongs to: an IPv4 address, also a mapped one, or the /64 of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), _V6_PREFIX), strict=False))


def _bound(kept: dict[Any, Any], most: int) -> None:
    """Forget what came first."""
    while len(kept) > most:
        del kept[next(iter(kept))]


def _limited(seconds: float) -> Problem:
    metrics.WRONG_KEYS.labels("limited").inc()
    wait = max(1, ceil(seconds))
    message = f"Too many wrong API keys came from your address. Check the key, and wait {wait} seconds."
    return Problem(429, "too_many_wrong_keys", message, headers={"Retry-After": str(wait)})
