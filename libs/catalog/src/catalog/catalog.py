"""All models and tiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from catalog.errors import CatalogError
from catalog.load import load_model, load_tiers
from catalog.model import Model
from catalog.shared import load_fields
from catalog.tiers import Tier


@dataclass(frozen=True, slots=True)
class Catalog:
    """The catalog, read once at start: `models` by slug, alphabetically, `tiers` by name, lowest first."""

    models: Mapping[str, Model]
    tiers: Mapping[str, Tier]

    @classmethod
    def load(cls, directory: Path | None = None) -> "Catalog":
        """Read `tiers.yaml`, `fields.yaml` and `models/*.yaml` (None: the packaged ones).

        Raises CatalogError with file and line of the first fault.
        """
        root = directory if directory is not None else Path(str(files("catalog")))
        tiers = MappingProxyType(load_tiers(root / "tiers.yaml"))
        fields = load_fields(root / "fields.yaml")
        models: dict[str, Model] = {}
        for path in sorted((root / "models").glob("*.yaml"), key=lambda each: each.stem):
            model = load_model(path, tiers, fields)
            if model.slug in models:
                raise CatalogError(f"{path}:1: the model {model.slug!r} is already there")
            models[model.slug] = model
        return cls(MappingProxyType(models), tiers)

    @staticmethod
    def files(directory: Path | None = None) -> list[Path]:
        """The files that `load` reads, in the order of their names."""
        root = directory if directory is not None else Path(str(files("catalog")))
        return [root / "tiers.yaml", *sorted(path for path in (root / "models").rglob("*") if path.is_file())]

    def get(self, slug: str) -> Model | None:
        """The model of this slug, or None."""
        return self.models.get(slug)

    def tier(self, name: str) -> Tier:
        """The tier of this name. Raises KeyError."""
        return self.tiers[name]

    def suffices(self, tier: str, required: str) -> bool:
        """Whether an account of `tier` may do what `required` may. Raises KeyError for unknown names."""
        return self.tiers[tier].rank >= self.tiers[required].rank
