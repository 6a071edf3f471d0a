"""Configured providers, and where a task may go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from catalog.model import Model
from catalog.routes import ProviderMode, Route
from providers.job import Credential

from dispatcher.domain.job import Attempt, Timing


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a provider that fails or refuses is left in peace, and for how long."""

    faults: int = 5
    """Faults in a row after which calls pause."""
    first_seconds: float = 1.0
    most_seconds: float = 30.0
    probe_seconds: float = 5.0
    """How long the others wait for the one call that tries whether it works again."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as the operator configured it; limits are per credential, None where there is none."""

    name: str
    base_url: str
    credentials: tuple[Credential, ...]
    simulated: bool = False
    max_concurrent: int | None = None
    submits_per_second: float | None = None
    polls_per_second: float | None = None
    timeout_seconds: float | None = None
    poll_seconds: float | None = None
    """Overrides the routes' schedules: a fixed interval."""
    breaker: Breaker = Breaker()

    @property
    def mode(self) -> ProviderMode:
        """As the catalog's routes see it."""
        return "simulated" if self.simulated else "real"

    def credential(self, credential_id: str) -> Credential | None:
        """The credential of this id, or None once it was taken out of the settings."""
        return next((each for each in self.credentials if each.id == credential_id), None)


@dataclass(frozen=True, slots=True)
class Target:
    """A route with a provider and a credential: one place where a task can be sent."""

    route: Route
    provider: Provider
    credential: Credential

    @property
    def key(self) -> tuple[str, str]:
        """Provider and credential: what limits are counted by."""
        return self.provider.name, self.credential.id

    @property
    def place(self) -> tuple[str, str]:
        """Provider and its model: what a route is known by in attempts."""
        return self.route.provider, self.route.model


def targets(
    model: Model,
    providers: Mapping[str, Provider],
    asset: str | None,
    value: Mapping[str, object] | None = None,
) -> list[Target]:
    """Where a task with this input may go, best first. Test credits only ever reach simulated providers."""
    open_to = {name: each for name, each in providers.items() if each.simulated or asset != "test"}
    routes = model.usable_routes({name: each.mode for name, each in open_to.items()}, value)
    return [
        Target(route, open_to[route.provider], credential)
        for route in routes
        for credential in open_to[route.provider].credentials
    ]


def untried(possible: Iterable[Target], attempts: Sequence[Attempt]) -> list[Target]:
    """Targets whose route hasn't definitely failed this task."""
    failed = {(each.provider, each.model) for each in attempts if each.status == "failed"}
    return [each for each in possible if each.place not in failed]


def route_of(model: Model | None, attempt: Attempt) -> Route | None:
    """The route that an attempt took; None if the catalog no longer has it."""
    routes = model.routes if model else ()
    return next(
        (each for each in routes if (each.provider, each.model) == (attempt.provider, attempt.model)), None
    )


POLL_SECONDS = 10.0
LEASE_MARGIN_SECONDS = 10.0


def submit_seconds(route: Route, provider: Provider, timing: Timing, *, lookup: bool) -> float:
    """The time a submit may take.

    A call must be over before its absence from the provider's list counts, and well before it is given up.
    """
    wanted = provider.timeout_seconds or route.submit_timeout_seconds
    bounds = [wanted, timing.uncertain_after / 2]
    return min([*bounds, timing.absent_after * 0.75] if lookup else bounds)


def poll_seconds(provider: Provider) -> float:
    """The time that a question may take."""
    return min(provider.timeout_seconds or POLL_SECONDS, POLL_SECONDS)


def lease_seconds(models: Iterable[Model], providers: Mapping[str, Provider], timing: Timing) -> float:
    """How long a worker may hold a job: longer than any call that it makes, or it would never dare one."""
    calls = [
        submit_seconds(each.route, each.provider, timing, lookup=False)
        for model in models
        for each in targets(model, providers, None)
    ]
    return max([*calls, POLL_SECONDS]) + LEASE_MARGIN_SECONDS
