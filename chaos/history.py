"""What the clients did and saw: the other side of every invariant."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["accepted", "refused", "unknown"]


@dataclass
class Asked:
    """One business request of a client, sent with one idempotency key until its outcome was known."""

    account: str
    key: str
    model: str
    task_id: str | None = None
    outcome: Outcome = "unknown"
    tries: int = 0
    ambiguous: int = 0
    """Answers that left open whether the request counted."""
    cancel: str | None = None
    """What the API said to a cancel."""


@dataclass
class Seen:
    """An account's credits as the API showed them at a moment, in micro-credits."""

    account: str
    total_micro: int
    at: float = field(default_factory=time.monotonic)


@dataclass
class History:
    """All of it. `odd` are answers that no client should ever get."""

    asked: list[Asked] = field(default_factory=list)
    credits: list[Seen] = field(default_factory=list)
    granted: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    """Grant id → account, asset, micro-credits; acknowledged ones only."""
    keys: dict[str, str] = field(default_factory=dict)
    """Account → API key."""
    test_accounts: set[str] = field(default_factory=set)
    odd: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> list[Asked]:
        """What was acknowledged."""
        return [each for each in self.asked if each.outcome == "accepted"]
