"""What this process has seen of providers: answers by kind and how long they took."""

from collections import Counter, defaultdict

from prometheus_client import Counter as Total
from prometheus_client import Histogram

from dispatcher.outbound.circuit import Key

SHARE = 0.1
"""How much the newest call counts in the average."""
_ANSWERS = Total("dispatcher_provider_answers", "Providers' answers", ["provider", "kind", "answer"])
_SECONDS = Histogram("dispatcher_provider_call_seconds", "How long calls took", ["provider", "kind"])


class Standing:
    """Counts since the process began, per provider, credential and kind of call."""

    def __init__(self) -> None:
        self._answers: defaultdict[Key, Counter[str]] = defaultdict(Counter)
        self._seconds: dict[Key, float] = {}

    def answered(self, key: Key, answer: object) -> None:
        """An answer, by the name of its outcome."""
        name = type(answer).__name__
        self._answers[key][name] += 1
        _ANSWERS.labels(key[0], key[2], name).inc()

    def took(self, key: Key, seconds: float) -> None:
        """A call came back, with whatever answer."""
        known = self._seconds.get(key, seconds)
        self._seconds[key] = known + SHARE * (seconds - known)
        _SECONDS.labels(key[0], key[2]).observe(seconds)

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
