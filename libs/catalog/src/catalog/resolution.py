"""How big the pictures of an input are: what the tiers bound is the short side, in pixels."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NamedResolution(_Shape):
    """A field names the resolution; `short_sides` gives the short side of each of its values."""

    field: str
    short_sides: dict[str, int]

    def fields(self) -> set[str]:
        """The input fields that it speaks of."""
        return {self.field}

    def short_side(self, given: Mapping[str, Any]) -> int:
        """The short side of an input with defaults."""
        return self.short_sides[given[self.field]]


class PixelResolution(_Shape):
    """Two fields hold width and height."""

    width: str
    height: str

    def fields(self) -> set[str]:
        """The input fields that it speaks of."""
        return {self.width, self.height}

    def short_side(self, given: Mapping[str, Any]) -> int:
        """The short side of an input with defaults."""
        return min(int(given[self.width]), int(given[self.height]))


Resolution = NamedResolution | PixelResolution
