"""What a provider charges the operator for a job, in micro-credits: rows as those of a price.

A cost has no ceiling: a provider that delivered more than was asked for bills it. It is None where nothing
says what was used. Amounts are the provider's public list price; one credit is 0.01 of the currency (USD).
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Any, Literal

from pydantic import Field, ValidationError

from catalog.errors import PriceError
from catalog.price import PriceRow
from catalog.rules_of_price import Frozen, number

_TOKENS = 1_000_000
_PIXELS = 1_000_000


class FlatCost(Frozen):
    """One amount per job."""

    kind: Literal["flat"]
    micro: int = Field(ge=0)

    def cost(self, usage: Mapping[str, Any]) -> int | None:
        """The amount."""
        del usage
        return self.micro


class PerSecondCost(Frozen):
    """An amount per second of output; `seconds` are those asked for, for providers that report none."""

    kind: Literal["per_second"]
    micro: int = Field(ge=0)
    seconds: int | float | str | None = None

    def cost(self, usage: Mapping[str, Any]) -> int | None:
        """The seconds delivered, exact, rounded up to a micro-credit."""
        seconds = number(usage.get("output_seconds")) or number(self.seconds)
        return None if seconds is None else ceil(self.micro * seconds)


class PerMillionTokensCost(Frozen):
    """An amount per million tokens that the provider reports."""

    kind: Literal["per_million_tokens"]
    micro: int = Field(ge=0)

    def cost(self, usage: Mapping[str, Any]) -> int | None:
        """The tokens used, rounded up to a micro-credit."""
        tokens = number(usage.get("tokens"))
        return None if tokens is None else ceil(self.micro * tokens / _TOKENS)


class PerMegapixelCost(Frozen):
    """An amount per begun million pixels of one picture."""

    kind: Literal["per_megapixel"]
    micro: int = Field(ge=0)
    width: int = Field(gt=0)
    height: int = Field(gt=0)

    def cost(self, usage: Mapping[str, Any]) -> int | None:
        """The picture asked for."""
        del usage
        return self.micro * ceil(Fraction(self.width * self.height, _PIXELS))


class PerThousandCharactersCost(Frozen):
    """An amount per thousand characters of text, the exact share."""

    kind: Literal["per_thousand_characters"]
    micro: int = Field(ge=0)
    characters: int = Field(ge=0)

    def cost(self, usage: Mapping[str, Any]) -> int | None:
        """The characters sent, rounded up to a micro-credit."""
        del usage
        return ceil(Fraction(self.micro * self.characters, 1000))


class PerComputeSecondCost(Frozen):
    """An amount per second that the provider's machine worked, as it reports."""

    kind: Literal["per_compute_second"]
    micro: int = Field(ge=0)

    def cost(self, usage: Mapping[str, Any]) -> int | None:
        """The seconds worked, exact, rounded up to a micro-credit."""
        seconds = number(usage.get("compute_seconds"))
        return None if seconds is None else ceil(self.micro * seconds)


Cost = (
    FlatCost
    | PerSecondCost
    | PerComputeSecondCost
    | PerMillionTokensCost
    | PerMegapixelCost
    | PerThousandCharactersCost
)
COSTS: dict[str, type[Cost]] = {
    "flat": FlatCost,
    "per_second": PerSecondCost,
    "per_compute_second": PerComputeSecondCost,
    "per_million_tokens": PerMillionTokensCost,
    "per_megapixel": PerMegapixelCost,
    "per_thousand_characters": PerThousandCharactersCost,
}
"""The registry of costs by kind. A new kind is a class with `cost`."""


def cost_micro(rows: Sequence[PriceRow], given: Mapping[str, Any], usage: Mapping[str, Any]) -> int | None:
    """What a job with this input (with defaults) costs by its usage, in micro-credits; None if unknown.

    Usage is that of `price.actual_micro`. Raises PriceError for a malformed row, which loading finds.
    """
    rule = frozen_cost(rows, given)
    return None if rule is None else cost_by_rule(rule, usage)


def frozen_cost(rows: Sequence[PriceRow], given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The cost's rule for an input with defaults, JSON-able: kept with an attempt, whose input may go."""
    row = next((each for each in rows if each.holds(given)), None)
    return None if row is None else row.frozen(given)


def cost_by_rule(rule: Mapping[str, Any], usage: Mapping[str, Any]) -> int | None:
    """The cost by a frozen rule, in micro-credits; None if unknown. Raises PriceError for a malformed one."""
    kind = COSTS.get(str(rule.get("kind")))
    if kind is None:
        raise PriceError(f"unknown kind of cost: {rule.get('kind')!r}")
    try:
        return kind.model_validate(dict(rule)).cost(usage)
    except ValidationError as error:
        raise PriceError(f"malformed cost: {error.errors()[0]['msg']}") from error
