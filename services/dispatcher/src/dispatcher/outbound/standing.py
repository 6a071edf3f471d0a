"""What this process has seen of providers: answers by kind and how long they took."""

from collections import Counter, defaultdict

from dispatcher import metrics
from dispatcher.outbound.circuit import Key

SHARE = 0.1
"""How much the newest call counts in the average."""


class Standing:
    """Counts since the process began, per provider, credential and kind of call."""

    def __init__(self) -> None:
        self._answers: defaultdict[Key, Counter[str]] = defaultdict(Counter)
        self._seconds: dict[Key, float] = {}

    def answered(self, key: Key, answer: object) -> None:
        """An answer, by the name of its outcome."""
        name = type(answer).__name__
        self._answers[key][name] += 1
        metrics.ANSWERS.labels(key[0], key[2], name).inc()

    def took(self, key: Key, seconds: float) -> None:
        """A call came back, with whatever answer."""
        known = self._seconds.get(key, seconds)
        self._seconds[key] = known + SHARE * (seconds - known)
        metrics.CALL_SECONDS.labels(key[0], key[2]).observe(seconds)

    def of(self, provider: str, credential_id: str) -> tuple[dict[str, dict[str, int]], dict[str, float]]:
        """Answers, and the average seconds, by kind of call."""
        answers = {
            key[2]: dict(found)
            for key, found in self._answers.items()
            if key[:2] == (provider, credential_id)
        }
        seconds = {
            key[2]: round(s, 4) for key, s in self._seconds.items() if key[:2] == (provider, credential_id)
        }
        return answers, seconds
