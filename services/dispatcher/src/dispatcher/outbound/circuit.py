"""Circuits: a provider that refuses or fails is left in peace for a while, by this process."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

Key = tuple[str, str, str]
"""Provider, credential, kind of call."""

FAULTS_TO_OPEN = 5
FIRST_SECONDS, MOST_SECONDS = 1.0, 30.0
PROBE_SECONDS = 5.0
"""How long the others wait for the one call that tries whether it works again."""


@dataclass(slots=True)
class _State:
    faults: int = 0
    until: float = 0.0


class Circuits:
    """One circuit per provider, credential and kind of call ("submit", "poll")."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._states: dict[Key, _State] = {}

    def closed_for(self, key: Key) -> float:
        """Seconds until a call may be made, 0 for now. After a pause one call goes first."""
        state = self._states.get(key)
        if state is None:
            return 0.0
        now = self._clock()
        if now < state.until:
            return state.until - now
        if state.faults >= FAULTS_TO_OPEN:
            state.until = now + PROBE_SECONDS
        return 0.0

    def succeeded(self, key: Key) -> None:
        """An answer came that says that the provider works."""
        self._states.pop(key, None)

    def failed(self, key: Key) -> None:
        """No answer, or one that says nothing: after some of these in a row calls pause."""
        state = self._states.setdefault(key, _State())
        state.faults += 1
        if state.faults >= FAULTS_TO_OPEN:
            self._pause(state, min(FIRST_SECONDS * 2.0 ** (state.faults - FAULTS_TO_OPEN), MOST_SECONDS))

    def refused(self, key: Key, seconds: float | None = None) -> float:
        """The provider asks for a pause, or can't take any call for now; the pause in seconds."""
        state = self._states.setdefault(key, _State())
        state.faults += 1
        most = min(FIRST_SECONDS * 2.0 ** min(state.faults - 1, 10), MOST_SECONDS)
        return self._pause(state, max(seconds or 0.0, random.uniform(most / 2, most)))

    def rest(self, key: Key, seconds: float) -> float:
        """Nothing is wrong, there is only no room: look elsewhere for a while."""
        return self._pause(self._states.setdefault(key, _State()), seconds)

    def _pause(self, state: _State, seconds: float) -> float:
        state.until = max(state.until, self._clock() + seconds)
        return seconds
