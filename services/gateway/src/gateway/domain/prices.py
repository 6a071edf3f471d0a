"""What became of the prices between two releases."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Rows = list[dict[str, Any]]
"""A model's price rows as the catalog tells them; amounts in micro-credits."""
Action = Literal["price.added", "price.changed", "price.removed"]


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A model whose price is another than before; None: it had none, or has none any more."""

    model: str
    before: Rows | None
    after: Rows | None

    @property
    def action(self) -> Action:
        """What the audit log calls it."""
        if self.before is None:
            return "price.added"
        return "price.removed" if self.after is None else "price.changed"


def changes(known: Mapping[str, Rows], offered: Mapping[str, Rows]) -> list[PriceChange]:
    """Every model whose price differs, by name."""
    models = sorted(known.keys() | offered.keys())
    found = (PriceChange(model, known.get(model), offered.get(model)) for model in models)
    return [each for each in found if each.before != each.after]
