"""What the simulator does wrong on order: the faults by name, and the share of occasions that each takes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from simulator.facts import PROVIDERS

FAULTS: dict[str, str] = {
    "drop_request": "submit: cuts the connection before the job is accepted",
    "drop_answer": "submit: accepts the job and cuts the connection in place of an answer",
    "error_after_accept": "submit: accepts the job and answers 502",
    "endless_answer": "submit: accepts the job and answers without end",
    "answer_twice": "submit: sends the same answer a second time, unasked",
    "answer_after_webhook": "submit: answers when the job is over and its webhooks are out (15 s at most)",
    "server_error": "submit: answers 503, accepts nothing",
    "rate_limited": "submit: answers 429 with Retry-After (retry_after_seconds, else 1), accepts nothing",
    "out_of_quota": "submit: refused because the account has no money or quota",
    "poll_error": "read: answers 500",
    "poll_rate_limited": "read: answers 429 with Retry-After",
    "poll_cut": "read: cuts the connection in place of an answer",
    "poll_endless": "read: answers without end",
    "fail": "job: ends as failed",
    "moderated": "job: is refused by moderation, as a result",
    "never_final": "job: runs for ever, or until /_control/finish",
    "succeed_then_fail": "job: is succeeded, and contradict_after_seconds later failed",
    "fail_then_succeed": "job: is failed, and contradict_after_seconds later succeeded",
    "webhook_lost": "webhook: is never sent",
    "webhook_doubled": "webhook: is sent twice",
    "webhook_late": "webhook: is sent webhook_delay_seconds late",
    "webhook_forged": "webhook: is changed after it was signed; an unsigned one's address has a wrong secret",
    "webhook_reordered": "webhook: one of an unfinished job is sent after that of the end",
    "webhook_stray": "webhook: comes with a second one, of a job that never was",
    "result_expired": "result: its link no longer works",
    "result_truncated": "result: the first half, as if that were all",
    "result_cut": "result: the connection ends halfway",
    "result_wrong_type": "result: a web page in place of the file",
    "result_endless": "result: never ends",
}
"""Name to what happens. Each is ordered by count (`<name>_next`) or by share (`/_control/faults`)."""


class Shares:
    """Which share of its occasions each fault takes. A seed decides, occasion by occasion.

    The n-th occasion of a fault at a provider is decided by (seed, provider, fault, n) alone, so that one
    seed gives one sequence whatever else is ordered or comes in between.
    """

    def __init__(self) -> None:
        self.seed = 0
        self.shares: dict[str, float] = {}
        self.providers: tuple[str, ...] = tuple(PROVIDERS)
        self._occasions: Counter[tuple[str, str]] = Counter()

    def order(self, told: Mapping[str, Any]) -> None:
        """Put `{seed, shares: {fault: share}, providers?}` in place of what held, and begin to count anew.

        Raises ValueError that names the fault in it; then nothing has changed.
        """
        _only(told, ("seed", "shares", "providers"), "faults")
        seed, providers = _seed(told.get("seed", 0)), _providers(told.get("providers"))
        shares = _shares(told.get("shares", {}))
        self.seed, self.shares, self.providers = seed, shares, providers
        self._occasions.clear()

    def drawn(self, provider: str, fault: str) -> bool:
        """Whether this occasion is one of the share."""
        share = self.shares.get(fault, 0.0)
        if not share or provider not in self.providers:
            return False
        number = self._occasions[provider, fault]
        self._occasions[provider, fault] += 1
        digest = blake2b(f"{self.seed}:{provider}:{fault}:{number}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) < share * 2**64

    def as_dict(self) -> dict[str, Any]:
        """As it was ordered."""
        return {"seed": self.seed, "shares": self.shares, "providers": list(self.providers)}


def _only(told: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    unknown = [name for name in told if name not in known]
    if unknown:
        raise ValueError(f"{where}: {unknown[0]!r} is unknown; there are {', '.join(known)}")


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("seed must be a whole number")
    return value


def _shares(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ValueError("shares must be an object: fault to share")
    _only(value, FAULTS, "shares")
    for name, share in value.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ValueError(f"shares: {name} must be a number from 0 to 1")
    return {name: float(share) for name, share in value.items()}


def _providers(value: Any) -> tuple[str, ...]:
    if value is None:
        return tuple(PROVIDERS)
    if not isinstance(value, list) or not all(each in PROVIDERS for each in value):
        raise ValueError(f"providers must be a list of {', '.join(PROVIDERS)}")
    return tuple(value)
