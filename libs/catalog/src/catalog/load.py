"""From files to models: a fault in an operator's file is named with its line before anything is served."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from catalog.errors import PriceError
from catalog.model import Model, Resolution
from catalog.price import KINDS, PriceRow, quote_micro
from catalog.schema import InputSchema
from catalog.shapes import ModelFile, TiersFile
from catalog.tiers import Tier
from catalog.yamlfile import YamlFile

Shape = TypeVar("Shape", bound=BaseModel)
Steps = Sequence[str | int]


def load_tiers(path: Path) -> dict[str, Tier]:
    """The tiers by name, lowest first. Raises CatalogError."""
    shape = _read(YamlFile(path), TiersFile)
    return {each.name: Tier(rank=rank, **each.model_dump()) for rank, each in enumerate(shape.tiers)}


def load_model(path: Path, tiers: Mapping[str, Tier]) -> Model:
    """The model in a file. Raises CatalogError."""
    file = YamlFile(path)
    shape = _read(file, ModelFile)
    try:
        schema = InputSchema(shape.input)
    except ValueError as error:
        raise file.fault(["input"], f"not a JSON Schema: {error}") from error
    _check_references(file, shape, tiers)
    _check_price(file, shape)
    return Model(
        slug=shape.slug,
        title=shape.title,
        description=shape.description,
        kind=shape.kind,
        minimum_tier=shape.minimum_tier,
        routes=tuple(shape.routes),
        price_rows=tuple(shape.price),
        rules=tuple(shape.rules),
        derived=shape.derive,
        resolution=Resolution(**shape.resolution.model_dump()) if shape.resolution else None,
        frames_field=shape.frames_field,
        tiers=tiers,
        input_schema=schema,
    )


def _read(file: YamlFile, shape: type[Shape]) -> Shape:
    try:
        return shape.model_validate(file.data)
    except ValidationError as error:
        # a misspelt name is the cause of the missing one
        first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
        where = ".".join(map(str, first["loc"]))
        raise file.fault(first["loc"], f"{where}: {first['msg']}") from error


def _check_references(file: YamlFile, shape: ModelFile, tiers: Mapping[str, Tier]) -> None:
    """Every tier and every input field that the file names must exist."""
    if shape.minimum_tier not in tiers:
        raise file.fault(["minimum_tier"], f"no tier is called {shape.minimum_tier!r}")
    properties = shape.input.get("properties", {})
    for steps, name in _named_fields(shape):
        if name not in properties:
            raise file.fault(steps, f"the input has no field {name!r}")
    if shape.resolution:
        choices = properties[shape.resolution.field].get("enum", [])
        if set(choices) != set(shape.resolution.short_sides):
            raise file.fault(["resolution", "short_sides"], "must name each value of the field once")


def _named_fields(shape: ModelFile) -> Iterator[tuple[Steps, str]]:
    """Every input field that the file names outside the schema, with the place where it does."""
    places: list[tuple[Steps, Iterable[str]]] = [
        *((("rules", index), rule.fields()) for index, rule in enumerate(shape.rules)),
        *((("price", index), _fields_of(row)) for index, row in enumerate(shape.price)),
        (["derive"], shape.derive.values()),
        (["resolution", "field"], [shape.resolution.field] if shape.resolution else []),
        (["frames_field"], [shape.frames_field] if shape.frames_field else []),
    ]
    return ((steps, name) for steps, names in places for name in sorted(names))


def _fields_of(row: PriceRow) -> set[str]:
    values = row.__pydantic_extra__.values()
    return {*row.when, *row.given, *(each for each in values if isinstance(each, str))}


def _check_price(file: YamlFile, shape: ModelFile) -> None:
    """Every row must be of a known kind, and every combination of priced values must have a price."""
    for index, row in enumerate(shape.price):
        if row.kind not in KINDS:
            raise file.fault(["price", index, "kind"], f"no price rule is called {row.kind!r}")
    try:
        for given in _priced_inputs(shape):
            quote_micro(shape.price, given)
    except PriceError as error:
        raise file.fault(["price"], str(error)) from error


def _priced_inputs(shape: ModelFile) -> Iterator[dict[str, Any]]:
    """Defaults, with all combinations of the values that conditions ask for, with and without `given`."""
    properties = shape.input.get("properties", {})
    sample = {name: _sample(each) for name, each in properties.items() if name in _value_fields(shape)}
    asked = sorted({name for row in shape.price for name in row.when})
    choices = [properties[name].get("enum", [True, False]) for name in asked]
    extras: list[dict[str, Any]] = [{}, *({name: ["x"] for name in row.given} for row in shape.price)]
    for values, extra in product(product(*choices), extras):
        yield {**sample, **dict(zip(asked, values, strict=True)), **extra}


def _value_fields(shape: ModelFile) -> set[str]:
    values = [each for row in shape.price for each in row.__pydantic_extra__.values()]
    return {each for each in values if isinstance(each, str)}


def _sample(schema: Mapping[str, Any]) -> Any:
    """A value of a field that a price is computed from: its default, or the least that is allowed."""
    return schema.get("default", schema.get("minimum", 1))
