"""Prices: integer micro-credits by rules that are data.

A model's price is a list of rows; the first whose conditions the input meets is its rule. A rule's values are
numbers or the names of input fields; frozen with a task, the names are replaced by the input's values, so
that the frozen rule alone gives the quote and, with the provider's usage, the actual price.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from catalog.errors import PriceError
from catalog.rules_of_price import KINDS, Rule

_LENGTH = "|length"


class PriceRow(BaseModel):
    """When a row holds, the kind of its rule, and the kind's values or the fields that give them.

    A value `"text|length"` is the length of the field: its characters, or its items.
    """

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
            **{
                name: _value(value, given) if isinstance(value, str) else value
                for name, value in values.items()
            },
        }

    def value_fields(self) -> set[str]:
        """The input fields that its values are taken from."""
        values = self.__pydantic_extra__.values()
        return {each.removesuffix(_LENGTH) for each in values if isinstance(each, str)}

    def fields(self) -> set[str]:
        """All input fields that it names."""
        return {*self.when, *self.given, *self.value_fields()}


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


def _value(name: str, given: Mapping[str, Any]) -> Any:
    if name.endswith(_LENGTH):
        return len(given.get(name.removesuffix(_LENGTH)) or "")
    return given.get(name)
