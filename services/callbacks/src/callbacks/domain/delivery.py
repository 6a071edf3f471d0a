"""What follows an attempt to deliver: done, again later, or given up. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

GONE: Final = 410
SLOW_DOWN: Final = frozenset({429, 502, 503, 504})
MAX_EXCERPT_CHARACTERS: Final = 1000

EXPIRED: Final = "expired"
"""Three days of attempts were in vain."""
ENDPOINT_GONE: Final = "gone"
"""The address answered 410: it wants no more."""
ENDPOINT_DISABLED: Final = "endpoint_disabled"
ENDPOINT_DELETED: Final = "endpoint_deleted"
CONTENT_DELETED: Final = "content_deleted"
"""The task was deleted before it could be told of."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Seconds: between attempts (the last repeats), of all of them, and for how long an endpoint may fail."""

    delays: Sequence[float]
    give_up_after: float
    patience: float


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt went: a status, or an error's stable code. Latency in milliseconds, waits in seconds."""

    status: int | None
    error: str | None
    latency_ms: int
    excerpt: str = ""
    retry_after: float | None = None

    @property
    def delivered(self) -> bool:
        """2xx and nothing else: a redirect is not followed, so it isn't an arrival."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Arrived:
    """It was taken."""


@dataclass(frozen=True, slots=True)
class Again:
    """Try again after that many seconds."""

    delay: float


@dataclass(frozen=True, slots=True)
class GivenUp:
    """No more attempts in this round."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a round ended; `attempts` are those of all rounds, `status` is the last answer's."""

    round: int
    attempts: int
    status: int | None
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """That a delivery has ended, as callbacks has said before it was set back. `url` without an endpoint."""

    delivery_id: UUID
    message_id: UUID
    account_id: UUID
    endpoint_id: UUID | None
    url: str | None
    ended: Ended


Verdict = Arrived | Again | GivenUp


def decide(answer: Answer, attempts: int, age: float, schedule: Schedule, jitter: float) -> Verdict:
    """`attempts` and `age` (seconds) are of this round, this attempt included; `jitter` is in [0, 1)."""
    if answer.delivered:
        return Arrived()
    if answer.status == GONE:
        return GivenUp(ENDPOINT_GONE)
    left = schedule.give_up_after - age
    if left <= 0:
        return GivenUp(EXPIRED)
    wait = schedule.delays[min(attempts, len(schedule.delays)) - 1] * (0.8 + 0.4 * jitter)
    if answer.status in SLOW_DOWN and answer.retry_after is not None:
        wait = max(wait, answer.retry_after)
    return Again(min(wait, left))


def disables(answer: Answer, failing_seconds: float, schedule: Schedule) -> str | None:
    """Why an endpoint is to be disabled after a failed attempt, or None: `gone`, `failing`."""
    if answer.status == GONE:
        return "gone"
    return "failing" if failing_seconds > schedule.patience else None
