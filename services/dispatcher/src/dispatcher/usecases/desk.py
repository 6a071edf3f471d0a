"""What every step of a job has at hand."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.catalog import Catalog
from catalog.routes import Route
from providers.adapter import Adapter
from runtime.work.table import Claim

from dispatcher.domain.job import Job, Timing
from dispatcher.domain.providers import Provider
from dispatcher.outbound.bulkhead import Bulkheads, Share
from dispatcher.outbound.circuit import Circuits
from dispatcher.outbound.inbox import Inbox
from dispatcher.outbound.inputs import InputFetcher
from dispatcher.outbound.provider_client import ProviderClient
from dispatcher.outbound.route_health import RouteHealth
from dispatcher.outbound.set_aside import SetAside
from dispatcher.outbound.standing import Standing
from dispatcher.outbound.tokens import Tokens
from dispatcher.usecases.known import Known
from dispatcher.usecases.pace import Pace
from dispatcher.usecases.store import Store
from dispatcher.usecases.turns import Turns

DEFAULT_POLL_SECONDS = 15.0
GRID_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Where providers report to: the callbacks service's public address, and the secret that signs."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Later:
    """Not asked: the provider rests, or the lease is too short."""

    delay: float


@dataclass(frozen=True, slots=True)
class Desk:
    """The steps' collaborators."""

    store: Store
    client: ProviderClient
    inputs: InputFetcher
    inbox: Inbox
    pace: Pace
    turns: Turns
    circuits: Circuits
    bulkheads: Bulkheads
    aside: SetAside
    tokens: Tokens
    health: RouteHealth
    standing: Standing
    known: Known
    timing: Timing
    callbacks: Callbacks | None
    gates: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    """Where questions about jobs of one (provider, credential, protocol) gather (`ask_many`)."""

    @property
    def catalog(self) -> Catalog:
        """The models as they are now."""
        return self.known.catalog

    @property
    def providers(self) -> Mapping[str, Provider]:
        """The providers as they are now."""
        return self.known.providers

    def next_poll(
        self,
        job: Job,
        adapter: Adapter,
        route: Route | None,
        provider: Provider,
        credential_id: str,
        polls: int,
        age: float,
    ) -> float:
        """Seconds until the next poll of a job of that age, with jitter; never past the deadline.

        Where a webhook will come the poll is only a safety net; where the rate doesn't do for all jobs, each
        waits for its turn.
        """
        if provider.poll_seconds is not None:
            base = provider.poll_seconds
        elif route is None:
            base = DEFAULT_POLL_SECONDS
        elif adapter.capabilities.calls_back and self.callbacks is not None:
            base = route.poll.max_seconds
        else:
            base = route.poll.delay(polls, age)
        least = 0.0 if provider.simulated else adapter.capabilities.min_poll_seconds
        wait = max(base, least) * random.uniform(0.85, 1.15)
        wait = max(wait, self.pace.cycle_seconds(provider.name, credential_id) * random.uniform(0.9, 1.0))
        if adapter.capabilities.poll_many > 1:
            wait = _met(job, wait)
        left = job.seconds_to_deadline()
        return min(wait, left) if left > 0 else wait


def _met(job: Job, seconds: float) -> float:
    """A little later, at a moment that others meet too: jobs that are due together share a question."""
    grid = GRID_SECONDS if seconds > 4 * GRID_SECONDS else GRID_SECONDS / 8
    due = job.now.timestamp() + seconds
    return seconds + (-due) % grid


class Lease:
    """The time that is left for a claimed job, by the database's clock at the claim and ours since."""

    def __init__(self, claim: Claim, job: Job, began: float, share: Share) -> None:
        self._ends = began + (claim.lease_until - job.now).total_seconds()
        self.tries, self.account_id = claim.tries, claim.account_id
        self.share = share
        turn = (claim.payload or {}).get("turn")
        self.turn: tuple[str, str] | None = (turn[0], turn[1]) if turn else None
        """The (provider, credential) of which a slot is kept for the task."""

    def allows(self, seconds: float) -> bool:
        """Whether a call of that length ends before the job may be somebody else's."""
        return self.seconds_left() >= seconds

    def seconds_left(self) -> float:
        """Seconds until the job may be somebody else's; negative after that."""
        return self._ends - time.monotonic()
