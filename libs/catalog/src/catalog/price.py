"""Prices: integer micro-credits by rules that are data. Rounding belongs to the rule.

A model's price is a list of rows; the first whose conditions the input meets is its rule. A rule's values are
numbers or the names of input fields; frozen with a task, the names are replaced by the input's values, so
that the frozen rule alone gives the quote and, with the provider's usage, the actual price.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog.errors import PriceError

_NUMBER = re.compile(r"\d{1,18}(\.\d{1,18}|/\d{1,18})?")
FRAME_TOKENS = 1024
"""Pixels per token where providers count video in tokens."""


class Rule(Protocol):
    """A frozen rule of some kind."""

    def quote(self) -> int:
        """The price by what was asked for, in micro-credits."""
        ...

    def actual(self, usage: Mapping[str, Any]) -> int:
        """The price by what was used: never above the quote, and the quote where the usage isn't told."""
        ...


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Flat(_Frozen):
    """One price whatever comes out."""

    kind: Literal["flat"]
    micro: int = Field(ge=0)

    def quote(self) -> int:
        """The price."""
        return self.micro

    def actual(self, usage: Mapping[str, Any]) -> int:
        """The price."""
        del usage
        return self.micro


class PerSecond(_Frozen):
    """A price per second of output, begun seconds in full."""

    kind: Literal["per_second"]
    micro: int = Field(ge=0)
    seconds: int = Field(gt=0)

    def quote(self) -> int:
        """The seconds asked for."""
        return self.micro * self.seconds

    def actual(self, usage: Mapping[str, Any]) -> int:
        """The seconds delivered, at most those asked for."""
        return self.micro * _delivered(usage, self.seconds)


class PerSecondWithInput(_Frozen):
    """A price per second of output and of input video, whose length nobody knows before the provider told."""

    kind: Literal["per_second_with_input"]
    micro: int = Field(ge=0)
    seconds: int = Field(gt=0)
    input_seconds_max: int = Field(ge=0)

    def quote(self) -> int:
        """The seconds asked for and the longest input."""
        return self.micro * (self.seconds + self.input_seconds_max)

    def actual(self, usage: Mapping[str, Any]) -> int:
        """The seconds used, exact, rounded up to a whole micro-credit."""
        produced = _delivered(usage, self.seconds)
        consumed = _input_seconds(usage, produced)
        if consumed is None:
            return self.quote()
        billed = min(max(consumed, Fraction(0)), Fraction(self.input_seconds_max))
        return ceil(self.micro * (produced + billed))


KINDS: dict[str, type[Flat] | type[PerSecond] | type[PerSecondWithInput]] = {
    "flat": Flat,
    "per_second": PerSecond,
    "per_second_with_input": PerSecondWithInput,
}
"""The registry of price rules by kind. A new kind is a class with `quote` and `actual`."""


class PriceRow(BaseModel):
    """When a row holds, the kind of its rule, and the kind's values or the fields that give them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str
    when: dict[str, str | int | bool] = {}
    given: list[str] = []
    __pydantic_extra__: dict[str, int | str]

    def holds(self, given: Mapping[str, Any]) -> bool:
        """Whether the input meets all conditions: equal values, and fields that are given and not empty."""
        equal = all(given.get(name) == value for name, value in self.when.items())
        return equal and all(given.get(name) for name in self.given)

    def frozen(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The rule with the input's values in place of field names."""
        values = self.__pydantic_extra__
        return {
            "kind": self.kind,
            **{name: given.get(value) if isinstance(value, str) else value for name, value in values.items()},
        }


def frozen_rule(rows: Sequence[PriceRow], given: Mapping[str, Any]) -> dict[str, Any]:
    """The rule for an input with defaults: JSON-able, to be frozen with the task. Raises PriceError."""
    row = next((each for each in rows if each.holds(given)), None)
    if row is None:
        raise PriceError("no price row holds for this input")
    return row.frozen(given)


def quote_micro(rows: Sequence[PriceRow], given: Mapping[str, Any]) -> int:
    """The price of an input with defaults, in micro-credits. Raises PriceError."""
    return _read(frozen_rule(rows, given)).quote()


def actual_micro(rule: Mapping[str, Any], usage: Mapping[str, Any]) -> int:
    """The price by a frozen rule and the provider's usage, in micro-credits: 0 ≤ actual ≤ quote.

    Usage names `output_seconds`, `input_seconds`, `tokens`, `width`, `height`, `fps`: numbers, or fractions
    as "124/25". Without it the quote. Raises PriceError for a rule that isn't one.
    """
    return _read(rule).actual(usage)


def quoted_micro(rule: Mapping[str, Any]) -> int:
    """The quote of a frozen rule, in micro-credits. Raises PriceError."""
    return _read(rule).quote()


def currency(micro: int) -> Decimal:
    """Micro-credits as currency, exact: 3 150 000 is 0.0315. One micro-credit is 10⁻⁸ of the currency."""
    return Decimal(micro).scaleb(-8).normalize()


def currency_text(micro: int) -> str:
    """The same as a JSON number's text, never in exponent form: "0.0315", "0", "150"."""
    return format(currency(micro), "f")


def _read(rule: Mapping[str, Any]) -> Rule:
    kind = KINDS.get(str(rule.get("kind")))
    if kind is None:
        raise PriceError(f"unknown kind of price rule: {rule.get('kind')!r}")
    try:
        return kind.model_validate(dict(rule))
    except ValidationError as error:
        raise PriceError(f"malformed price rule: {error.errors()[0]['msg']}") from error


def _delivered(usage: Mapping[str, Any], asked: int) -> int:
    """Seconds of output, begun ones in full, at most those asked for; without a report those asked for."""
    told = _number(usage.get("output_seconds"))
    return min(asked, ceil(told)) if told else asked


def _input_seconds(usage: Mapping[str, Any], produced: int) -> Fraction | None:
    """Seconds of input: as reported, else from tokens = width * height * fps * seconds / 1024."""
    told = _number(usage.get("input_seconds"))
    if told is not None:
        return told
    tokens, *frame = (_number(usage.get(name)) for name in ("tokens", "width", "height", "fps"))
    if not tokens or not all(frame):
        return None
    per_second = Fraction(1)
    for each in frame:
        per_second *= each or 1
    return tokens * FRAME_TOKENS / per_second - produced


def _number(value: Any) -> Fraction | None:
    """A non-negative number exactly as told; None for anything else."""
    if isinstance(value, bool) or not _NUMBER.fullmatch(str(value)):
        return None
    try:
        return Fraction(str(value))
    except ZeroDivisionError:
        return None
