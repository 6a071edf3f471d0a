"""The kinds of price rules. A frozen rule gives the quote and, with the provider's usage, the actual price.

Everything is integers or exact fractions. What a rule rounds to, a micro-credit or a credit, is its own.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any, Literal, Protocol

from contracts.money import MICRO_PER_CREDIT
from pydantic import BaseModel, ConfigDict, Field

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


class Frozen(BaseModel):
    """Base of rules: strict, so that no float slips in as money."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Flat(Frozen):
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


class PerSecond(Frozen):
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


class PerSecondWithInput(Frozen):
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


class FramesAndSteps(Frozen):
    """A base, a price per frame and one per inference step; the sum is rounded up to a whole credit."""

    kind: Literal["frames_and_steps"]
    base_micro: int = Field(ge=0)
    frame_micro: int = Field(default=0, ge=0)
    frames: int = Field(default=0, ge=0)
    step_micro: int = Field(default=0, ge=0)
    steps: int = Field(default=0, ge=0)

    def quote(self) -> int:
        """The frames and steps asked for."""
        return whole_credits(self.base_micro + self.frame_micro * self.frames + self.step_micro * self.steps)

    def actual(self, usage: Mapping[str, Any]) -> int:
        """The quote: the work is done by then."""
        del usage
        return self.quote()


class ProRated(Frozen):
    """A price per stretch of time, the exact share of it, rounded up to a whole credit."""

    kind: Literal["pro_rated"]
    micro: int = Field(ge=0)
    per_seconds: int = Field(gt=0)
    seconds: int = Field(gt=0)
    least_micro: int = Field(default=0, ge=0)

    def quote(self) -> int:
        """The seconds asked for."""
        return self._price(Fraction(self.seconds))

    def actual(self, usage: Mapping[str, Any]) -> int:
        """The seconds delivered, at most those asked for."""
        return self._price(_told_seconds(usage, Fraction(self.seconds)))

    def _price(self, seconds: Fraction) -> int:
        return max(self.least_micro, whole_credits(self.micro * seconds / self.per_seconds))


class Spoken(Frozen):
    """A price per stretch of speech, its length estimated from the text; rounded up to a whole credit."""

    kind: Literal["spoken"]
    micro: int = Field(ge=0)
    per_seconds: int = Field(gt=0)
    characters: int = Field(gt=0)
    characters_per_second: int = Field(gt=0)
    speed: int | float | str = 1

    def quote(self) -> int:
        """The estimated seconds."""
        return self._price(self._estimated())

    def actual(self, usage: Mapping[str, Any]) -> int:
        """The seconds delivered, at most those estimated."""
        return self._price(_told_seconds(usage, self._estimated()))

    def _estimated(self) -> Fraction:
        return Fraction(self.characters, self.characters_per_second) / (number(self.speed) or 1)

    def _price(self, seconds: Fraction) -> int:
        return whole_credits(self.micro * seconds / self.per_seconds)


Kind = (
    type[Flat]
    | type[PerSecond]
    | type[PerSecondWithInput]
    | type[FramesAndSteps]
    | type[ProRated]
    | type[Spoken]
)
KINDS: dict[str, Kind] = {
    "flat": Flat,
    "per_second": PerSecond,
    "per_second_with_input": PerSecondWithInput,
    "frames_and_steps": FramesAndSteps,
    "pro_rated": ProRated,
    "spoken": Spoken,
}
"""The registry of price rules by kind. A new kind is a class with `quote` and `actual`."""


def whole_credits(micro: Fraction | int) -> int:
    """The amount rounded up to a whole credit, in micro-credits."""
    return ceil(Fraction(micro) / MICRO_PER_CREDIT) * MICRO_PER_CREDIT


def number(value: Any) -> Fraction | None:
    """A non-negative number exactly as told; None for anything else."""
    if isinstance(value, bool) or not _NUMBER.fullmatch(str(value)):
        return None
    try:
        return Fraction(str(value))
    except ZeroDivisionError:
        return None


def _told_seconds(usage: Mapping[str, Any], asked: Fraction) -> Fraction:
    """Seconds of output, exact, at most those asked for; without a report those asked for."""
    told = number(usage.get("output_seconds"))
    return min(asked, told) if told else asked


def _delivered(usage: Mapping[str, Any], asked: int) -> int:
    """Seconds of output, begun ones in full, at most those asked for; without a report those asked for."""
    return ceil(_told_seconds(usage, Fraction(asked)))


def _input_seconds(usage: Mapping[str, Any], produced: int) -> Fraction | None:
    """Seconds of input: as reported, else from tokens = width * height * fps * seconds / 1024."""
    told = number(usage.get("input_seconds"))
    if told is not None:
        return told
    tokens, *frame = (number(usage.get(name)) for name in ("tokens", "width", "height", "fps"))
    if not tokens or not all(frame):
        return None
    per_second = Fraction(1)
    for each in frame:
        per_second *= each or 1
    return tokens * FRAME_TOKENS / per_second - produced
