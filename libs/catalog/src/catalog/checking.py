"""All mistakes in the catalog's files at once, one a file, for whoever writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import orjson

from catalog.catalog import Catalog
from catalog.errors import CatalogError
from catalog.load import load_model, load_tiers
from catalog.model import Model
from catalog.shared import load_fields
from catalog.templates import places
from catalog.yamlfile import YamlFile


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the adapters know, as `python -m providers` tells it: the catalog doesn't import them."""

    protocols: frozenset[str] | None = None
    filters: frozenset[str] | None = None

    @classmethod
    def read(cls, text: str | None) -> "Spoken":
        """From the command's JSON; nothing is checked against None."""
        if text is None:
            return cls()
        told = orjson.loads(text)
        return cls(frozenset(told["protocols"]), frozenset(told["filters"]))


def packaged() -> Path:
    """The folder of the catalog that the services read."""
    return Path(str(files("catalog")))


def mistakes(folder: Path, paths: Sequence[Path], spoken: Spoken) -> list[str]:
    """`file:line: what is wrong` for the first mistake of each file; no paths: the whole folder."""
    try:
        tiers, fields = load_tiers(folder / "tiers.yaml"), load_fields(folder / "fields.yaml")
    except CatalogError as error:
        return [str(error)]
    found = []
    for path in paths or sorted((folder / "models").glob("*.yaml")):
        try:
            found += _foreign(path, load_model(path, tiers, fields), spoken)
        except CatalogError as error:
            found.append(str(error))
    return found or ([] if paths else _whole(folder))


def _whole(folder: Path) -> list[str]:
    """What only shows in all files together: a slug that is there twice."""
    try:
        Catalog.load(folder)
    except CatalogError as error:
        return [str(error)]
    return []


def _foreign(path: Path, model: Model, spoken: Spoken) -> list[str]:
    """Protocols that nobody speaks, filters that no template language has."""
    file = YamlFile(path)
    found = []
    for index, route in enumerate(model.routes):
        if spoken.protocols is not None and route.protocol not in spoken.protocols:
            found.append(file.fault(["routes", index, "protocol"], f"no adapter speaks {route.protocol!r}"))
        used = {name for _, name in places(route.template) if name}
        for name in sorted(used - spoken.filters) if spoken.filters is not None else ():
            where = "workflow" if route.workflow else "template"
            found.append(file.fault(["routes", index, where], f"no filter is called {name!r}"))
    return [str(each) for each in found]
