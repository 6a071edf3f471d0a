"""Routes: where a model's tasks may go, and how patiently they are followed there."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from catalog.price import PriceRow
from catalog.rules import Selector, selected

RouteState = Literal["live", "retiring", "gone-upstream"]
ProviderMode = Literal["real", "simulated"]
BACKOFF = 1.5
"""How much longer each wait between polls is than the one before."""
USUAL_FROM, USUAL_UNTIL = 0.8, 1.5
"""Around the usual time: these shares of it, within which polls come at the shortest interval."""


class PollSchedule(BaseModel):
    """When to ask for a job's state, in seconds: first, then at growing intervals up to the maximum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_seconds: float = Field(gt=0)
    interval_seconds: float = Field(gt=0)
    max_seconds: float = Field(gt=0)
    usual_seconds: float | None = Field(default=None, gt=0)
    """How long a job usually takes: around that time it is asked for at the shortest interval."""

    def delay(self, polls_made: int, age_seconds: float = 0.0) -> float:
        """Seconds to wait before the next poll of a job that was submitted that long ago."""
        growth = BACKOFF ** min(max(polls_made - 1, 0), 50)
        wait = self.first_seconds if polls_made == 0 else self.interval_seconds * growth
        wait = min(self.max_seconds, wait)
        if self.usual_seconds is None or age_seconds > self.usual_seconds * USUAL_UNTIL:
            return wait
        until_then = self.usual_seconds * USUAL_FROM - age_seconds
        return min(wait, max(until_then, self.interval_seconds))


class Route(BaseModel):
    """A way to serve a model: a provider (settings give address and keys), a protocol, their model name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    protocol: str
    model: str
    state: RouteState
    poll: PollSchedule
    weight: int | None = Field(default=None, ge=1)
    """Neighbours in the list that have a weight share the tasks by it; without one the order decides."""
    submit_timeout_seconds: float = Field(default=30.0, gt=0)
    resubmit_once: bool = False
    """Whether an attempt of unknown outcome may be submitted once more, at the risk of a second job."""
    options: dict[str, Any] = {}
    """Parameters of the provider's own, sent with every job."""
    template: dict[str, Any] | None = None
    """The request body for a protocol whose models all differ: `providers.template` fills it."""
    workflow: str | None = None
    """A JSON file beside the model's that holds the template: graphs are too long for a line of YAML."""
    given: tuple[Selector, ...] = ()
    """What an input must have, all of it, for the route to be taken (selectors: see `catalog.rules`)."""
    without: tuple[Selector, ...] = ()
    """What an input must not have, none of it, for the route to be taken."""
    values: dict[str, dict[str, Any]] = {}
    """Their words for our values: input field to value to what the provider is told instead."""
    cost: tuple[PriceRow, ...] = ()
    """What the provider charges us (`catalog.cost`); empty where no public price is known."""

    def usable(self, providers: Mapping[str, ProviderMode]) -> bool:
        """Whether it can be taken with these providers: what is gone upstream lives on in the simulator."""
        mode = providers.get(self.provider)
        return mode == "simulated" or (mode == "real" and self.state != "gone-upstream")

    def fits(self, value: Mapping[str, Any]) -> bool:
        """Whether it can serve an input."""
        return all(selected(each, value) for each in self.given) and not any(
            selected(each, value) for each in self.without
        )

    def translated(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """An input in the provider's words; what has none stays as it is."""
        return {name: self._word(name, each) for name, each in value.items()}

    def _word(self, name: str, value: Any) -> Any:
        return self.values[name].get(str(value), value) if name in self.values else value
