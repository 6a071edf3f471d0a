"""A model: everything about it is data, read from its file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.events import Kind

from catalog import cost, price, tiers
from catalog.fault import Fault
from catalog.media import MediaKind, replaced
from catalog.price import PriceRow
from catalog.resolution import Resolution
from catalog.routes import ProviderMode, Route
from catalog.ruleset import RuleSet
from catalog.schema import InputSchema
from catalog.tiers import Tier
from catalog.values import is_plain, nul_faults, unreadable


@dataclass(frozen=True, slots=True)
class Quote:
    """A price in micro-credits and the rule that gave it; the rule is JSON-able and frozen with the task."""

    micro: int
    rule: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reference:
    """A file that an input names: where, how, what it must be, and which field counts its seconds."""

    path: str
    value: str
    medium: MediaKind
    seconds: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model. Inputs "with defaults" are what `with_defaults` returned for a faultless input."""

    slug: str
    title: str
    description: str
    kind: Kind
    minimum_tier: str
    routes: tuple[Route, ...]
    price_rows: tuple[PriceRow, ...]
    rules: RuleSet
    derived: Mapping[str, str]
    """What we make ourselves: output name to the boolean input field that asks for it."""
    resolution: Resolution | None
    frames_field: str | None
    tiers: Mapping[str, Tier] = field(repr=False)
    input_schema: InputSchema = field(repr=False)

    @property
    def schema(self) -> dict[str, Any]:
        """The input's JSON Schema, to be shown as it stands."""
        return self.input_schema.document

    @property
    def price(self) -> list[dict[str, Any]]:
        """The price rows as a document: amounts in micro-credits, values that are input fields by name."""
        return [row.model_dump(exclude_defaults=True) for row in self.price_rows]

    def usable_routes(
        self, providers: Mapping[str, ProviderMode], value: Mapping[str, Any] | None = None
    ) -> tuple[Route, ...]:
        """The routes that the configured providers can serve, for an input if one is named, best first."""
        return tuple(
            route for route in self.routes if route.usable(providers) and (value is None or route.fits(value))
        )

    def available(self, providers: Mapping[str, ProviderMode]) -> bool:
        """Whether any route can be taken."""
        return bool(self.usable_routes(providers))

    def faults(self, value: Any) -> list[Fault]:
        """Everything that is wrong with an input, for any JSON value; empty if nothing is."""
        found: list[Fault] = []
        if not is_plain(value):
            unread = unreadable(value)
            if unread:
                return unread
            found += nul_faults(value)
        found += self.input_schema.faults(value)
        given = self.input_schema.complete(value)
        if isinstance(given, dict):
            found += self.rules.faults(given)
        return found

    def references(self, value: Any) -> list[Reference]:
        """The files that an input names, for any JSON value."""
        if not isinstance(value, dict):
            return []
        return [
            Reference(path, text, rule.medium, rule.seconds)
            for rule in self.rules.media(value)
            for path, text in rule.references(value)
        ]

    def with_references(self, value: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, Any]:
        """A copy of an input whose references are replaced, each as `changes` has it."""
        named = self.rules.media_fields
        return {name: replaced(each, changes) if name in named else each for name, each in value.items()}

    def with_defaults(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """The input with defaults and in normal form; the given one is not touched."""
        completed: dict[str, Any] = self.input_schema.complete(dict(value))
        return completed

    def required_tier(self, value: Mapping[str, Any]) -> str:
        """The name of the lowest tier that may have this input (with defaults)."""
        short_side = self.resolution.short_side(value) if self.resolution else 0
        frames = value[self.frames_field] if self.frames_field else 0
        able = tiers.lowest(self.tiers.values(), short_side, frames)
        highest = max(self.tiers.values(), key=lambda each: each.rank)
        needed = (able or highest, self.tiers[self.minimum_tier])
        return max(needed, key=lambda each: each.rank).name

    def quote(self, value: Mapping[str, Any]) -> Quote:
        """The price of an input with defaults and the rule to freeze with the task."""
        rule = price.frozen_rule(self.price_rows, value)
        return Quote(price.quoted_micro(rule), rule)

    def route_cost(self, route: Route, value: Mapping[str, Any], usage: Mapping[str, Any]) -> int | None:
        """What the provider charges us on a route for an input with defaults: micro-credits, None if unknown.

        Usage is what `price.actual_micro` takes, and {} where none was told.
        """
        return cost.cost_micro(route.cost, value, usage)

    def derive(self, value: Mapping[str, Any], tier: Tier) -> list[str]:
        """What storage makes of the provider's outputs: `watermark` (first: the rest shows it), `gif`, …"""
        asked = [name for name, flag in self.derived.items() if value.get(flag) is True]
        return (["watermark"] if tier.watermark and self.kind in {"video", "image"} else []) + asked
