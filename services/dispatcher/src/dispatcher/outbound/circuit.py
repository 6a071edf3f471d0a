"""Circuits: a provider that refuses or fails is left in peace for a while, by this process."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from dispatcher.domain.providers import Breaker

Key = tuple[str, str, str]
"""Provider, credential, kind of call."""

MOST_ASKED_SECONDS = 3600.0
"""A provider that asks for a longer pause is tried all the same."""


@dataclass(slots=True)
class _State:
    faults: int = 0
    until: float = 0.0


class Circuits:
    """One circuit per provider, credential and kind of call ("submit", "poll")."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        breaker: Callable[[str], Breaker] = lambda _: Breaker(),
    ) -> None:
        self._clock, self._breaker = clock, breaker
        self._states: dict[Key, _State] = {}

    def closed_for(self, key: Key) -> float:
        """Seconds until a call may be made, 0 for now. After a pause one call goes first."""
        state = self._states.get(key)
        if state is None:
            return 0.0
        now = self._clock()
        if now < state.until:
            return state.until - now
        breaker = self._breaker(key[0])
        if state.faults >= breaker.faults:
            state.until = now + breaker.probe_seconds
        return 0.0

    def rests(self, key: Key) -> float:
        """Seconds that it is still open, 0 if it isn't; only asks, whoever calls asks `closed_for`."""
        state = self._states.get(key)
        return max(state.until - self._clock(), 0.0) if state else 0.0

    def open_now(self) -> dict[Key, float]:
        """The circuits that are open, and for how many seconds more."""
        now = self._clock()
        return {key: state.until - now for key, state in self._states.items() if state.until > now}

    def succeeded(self, key: Key) -> None:
        """An answer came that says that the provider works."""
        self._states.pop(key, None)

    def failed(self, key: Key) -> None:
        """No answer, or one that says nothing: after some of these in a row calls pause."""
        state = self._states.setdefault(key, _State())
        breaker = self._breaker(key[0])
        state.faults += 1
        if state.faults >= breaker.faults:
            pause = breaker.first_seconds * 2.0 ** min(state.faults - breaker.faults, 20)
            self._pause(state, min(pause, breaker.most_seconds))

    def refused(self, key: Key, seconds: float | None = None) -> float:
        """The provider asks for a pause, or can't take any call for now; the pause in seconds."""
        state = self._states.setdefault(key, _State())
        state.faults += 1
        breaker = self._breaker(key[0])
        most = min(breaker.first_seconds * 2.0 ** min(state.faults - 1, 10), breaker.most_seconds)
        asked = min(seconds or 0.0, MOST_ASKED_SECONDS)
        return self._pause(state, max(asked, random.uniform(most / 2, most)))

    def rest(self, key: Key, seconds: float) -> float:
        """Nothing is wrong, there is only no room: look elsewhere for a while."""
        return self._pause(self._states.setdefault(key, _State()), seconds)

    def _pause(self, state: _State, seconds: float) -> float:
        state.until = max(state.until, self._clock() + seconds)
        return seconds
