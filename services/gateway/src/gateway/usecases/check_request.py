"""The checks at submit that need no database: model (404), input (422), tier (403)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from catalog.catalog import Catalog
from catalog.media import inline_bytes
from catalog.model import Model, Quote
from catalog.routes import ProviderMode, Route

from gateway.domain import wishes
from gateway.domain.problem import Detail, Problem
from gateway.domain.wishes import ABSENT, Wish

_MOST_ON_THE_BUS = 800_000
"""The input travels in an event, whose size the broker limits to a megabyte with everything around it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that can be quoted. `input` has its defaults."""

    model: str
    input: dict[str, Any]
    derive: list[str]
    quote: Quote


class CheckRequest:
    """Knows the models and what the configured providers can serve.

    Data URIs may have `max_inline_bytes` in all, decoded; with more than `travelling_bytes` they become
    uploads and won't be in the event.
    """

    def __init__(
        self,
        catalog: Catalog,
        providers: Mapping[str, ProviderMode],
        *,
        max_inline_bytes: int,
        travelling_bytes: int,
        least_deadline_seconds: int,
        most_deadline_seconds: int,
    ) -> None:
        self._catalog, self._max_inline, self._travelling = catalog, max_inline_bytes, travelling_bytes
        self._least_seconds, self._most_seconds = least_deadline_seconds, most_deadline_seconds
        simulated = {name: mode for name, mode in providers.items() if mode == "simulated"}
        self._providers = {"credit": providers, "test": simulated}
        self._available = {
            asset: frozenset(m.slug for m in catalog.models.values() if m.available(given))
            for asset, given in self._providers.items()
        }

    def available(self, slug: str, asset: str) -> bool:
        """Whether a model can be served; test credits only ever reach the simulator."""
        return slug in self._available[asset]

    def route(self, slug: str, asset: str, completed: Mapping[str, Any]) -> Route:
        """The way an input (with defaults) of an available model would probably take."""
        model, providers = self._catalog.models[slug], self._providers[asset]
        usable = model.usable_routes(providers, completed) or model.usable_routes(providers)
        return usable[0]

    def __call__(
        self, wish: Wish, asset: str, tier: str, size: int, faults: Sequence[Detail] = ()
    ) -> Checked:
        """Check a wish that came in a body of `size` bytes; `faults` is what the surface found itself.

        Raises the first Problem in the order of the statuses; a 422 names all faults.
        """
        model = self._model(wish, asset, faults)
        self._check_size(wish.input, size)
        told = {each.param for each in faults}
        inputs = [each for each in _input_faults(model, wish.input) if each.param not in told]
        found = [*faults, *self._wish_faults(wish), *inputs]
        if found:
            raise _invalid(found)
        completed = model.with_defaults(wish.input)
        self._check_tier(model, completed, tier)
        derive = model.derive(completed, self._catalog.tier(tier))
        return Checked(model.slug, completed, derive, model.quote(completed))

    def _wish_faults(self, wish: Wish) -> list[Detail]:
        return wishes.faults(wish, self._least_seconds, self._most_seconds)

    def _check_size(self, given: Any, size: int) -> None:
        inline = inline_bytes(given) if size > min(self._max_inline, self._travelling) else 0
        if inline > self._max_inline:
            raise Problem(
                413,
                "inline_data_too_large",
                f"Inline data may have {self._max_inline} bytes in all, decoded. Use URLs or uploads.",
                param="input",
            )
        replaced = inline * 4 // 3 if inline > self._travelling else 0
        if size > _MOST_ON_THE_BUS and len(orjson.dumps(given)) - replaced > _MOST_ON_THE_BUS:
            message = f"The input may have {_MOST_ON_THE_BUS} bytes as JSON. Use shorter texts and URLs."
            raise Problem(413, "request_too_large", message, param="input")

    def _model(self, wish: Wish, asset: str, faults: Sequence[Detail]) -> Model:
        slug = wish.model
        if not isinstance(slug, str) or not slug:
            fault = Detail("model", "required", "is required: the slug of a model, as text")
            missing = [_INPUT_MISSING] if wish.input is ABSENT else []
            raise _invalid([fault, *faults, *self._wish_faults(wish), *missing])
        model = self._catalog.get(slug)
        if model is None:
            raise Problem(404, "model_not_found", f"There is no model {slug[:100]!r}.", param="model")
        if not self.available(slug, asset):
            message = f"The model {slug!r} is unavailable: no provider serves it at present."
            raise Problem(503, "model_unavailable", message, param="model")
        return model

    def _check_tier(self, model: Model, completed: Mapping[str, Any], tier: str) -> None:
        required = model.required_tier(completed)
        if tier not in self._catalog.tiers:
            raise Problem(403, "unknown_tier", f"This account's tier {tier!r} is not known any more.")
        if not self._catalog.suffices(tier, required):
            message = f"This needs the tier {required} or a higher one; the account's is {tier}."
            raise Problem(403, "tier_too_low", message, context={"tier": tier, "required_tier": required})


_INPUT_MISSING = Detail("input", "required", "is required")


def _input_faults(model: Model, given: Any) -> list[Detail]:
    if given is ABSENT:
        return [_INPUT_MISSING]
    return [Detail(each.param, each.code, each.message) for each in model.faults(given)]


def _invalid(faults: list[Detail]) -> Problem:
    first = faults[0]
    return Problem(
        422, first.code, f"{first.param} {first.message}", param=first.param, details=tuple(faults)
    )
