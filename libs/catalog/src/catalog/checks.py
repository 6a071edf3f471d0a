"""What a model's file must keep beyond its shape: every name in it exists, and every input has a price."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from catalog.cost import COSTS, cost_micro
from catalog.errors import PriceError
from catalog.price import PriceRow, quote_micro
from catalog.resolution import NamedResolution
from catalog.routes import Route
from catalog.rules import field_of
from catalog.rules_of_price import KINDS
from catalog.shapes import ModelFile
from catalog.templates import places, stray_braces
from catalog.tiers import Tier
from catalog.yamlfile import YamlFile

Steps = Sequence[str | int]


def check(file: YamlFile, shape: ModelFile, tiers: Mapping[str, Tier]) -> None:
    """Raise CatalogError for the first fault."""
    if shape.minimum_tier not in tiers:
        raise file.fault(["minimum_tier"], f"no tier is called {shape.minimum_tier!r}")
    _check_fields(file, shape)
    _check_templates(file, shape)
    _check_price(file, shape)
    _check_costs(file, shape)


def _check_fields(file: YamlFile, shape: ModelFile) -> None:
    """Every input field that the file names must exist."""
    properties = shape.input.get("properties", {})
    for steps, name in _named_fields(shape):
        if name not in properties:
            raise file.fault(steps, f"the input has no field {name!r}")
    if isinstance(shape.resolution, NamedResolution):
        choices = properties[shape.resolution.field].get("enum", [])
        if set(choices) != set(shape.resolution.short_sides):
            raise file.fault(["resolution", "short_sides"], "must name each value of the field once")
    deciding = {*(shape.resolution.fields() if shape.resolution else ()), shape.frames_field} - {None}
    for name in sorted(map(str, deciding)):
        if "default" not in properties[name]:
            raise file.fault(["input", "properties", name], f"{name} decides the tier: it needs a default")


def _named_fields(shape: ModelFile) -> Iterator[tuple[Steps, str]]:
    """Every input field that the file names outside the schema, with the place where it does."""
    routes = list(enumerate(shape.routes))
    named: list[tuple[Steps, Iterable[str]]] = [
        *((("rules", index), rule.fields()) for index, rule in enumerate(shape.rules)),
        *((("price", index), row.fields()) for index, row in enumerate(shape.price)),
        (["derive"], shape.derive.values()),
        (["resolution"], shape.resolution.fields() if shape.resolution else []),
        (["frames_field"], [shape.frames_field] if shape.frames_field else []),
        *((("routes", index), _routed_by(route)) for index, route in routes),
        *(
            (_place_of_template(shape, index), {name for name, _ in places(route.template)})
            for index, route in routes
        ),
        *(
            (("routes", index, "cost", n), row.fields())
            for index, route in routes
            for n, row in enumerate(route.cost)
        ),
    ]
    return ((steps, name) for steps, names in named for name in sorted(names))


def _routed_by(route: Route) -> set[str]:
    return {*map(field_of, (*route.given, *route.without)), *route.values}


def _place_of_template(shape: ModelFile, index: int) -> Steps:
    return ("routes", index, "workflow" if shape.routes[index].workflow else "template")


def _check_templates(file: YamlFile, shape: ModelFile) -> None:
    for index, route in enumerate(shape.routes):
        for text in stray_braces(route.template):
            raise file.fault(
                _place_of_template(shape, index),
                f"{text!r} has a brace that names no field; write {{{{ for a brace",
            )


def _check_price(file: YamlFile, shape: ModelFile) -> None:
    """Every row must be of a known kind, and every combination of priced values must have a price."""
    for index, row in enumerate(shape.price):
        if row.kind not in KINDS:
            raise file.fault(["price", index, "kind"], f"no price rule is called {row.kind!r}")
    try:
        for given in _priced_inputs(shape, shape.price):
            quote_micro(shape.price, given)
    except PriceError as error:
        raise file.fault(["price"], str(error)) from error


def _check_costs(file: YamlFile, shape: ModelFile) -> None:
    """Costs need not cover every input; what is there must be of a known kind and well formed."""
    for index, route in enumerate(shape.routes):
        for n, row in enumerate(route.cost):
            if row.kind not in COSTS:
                raise file.fault(["routes", index, "cost", n, "kind"], f"no cost is called {row.kind!r}")
        try:
            for given in _priced_inputs(shape, route.cost):
                cost_micro(route.cost, given, {})
        except PriceError as error:
            raise file.fault(["routes", index, "cost"], str(error)) from error


def _priced_inputs(shape: ModelFile, rows: Sequence[PriceRow]) -> Iterator[dict[str, Any]]:
    """Defaults, with all combinations of the values that conditions ask for, with and without `given`."""
    properties = shape.input.get("properties", {})
    read = {name for row in rows for name in row.value_fields()}
    sample = {name: _sample(each) for name, each in properties.items() if name in read}
    asked = sorted({name for row in rows for name in row.when})
    choices = [properties[name].get("enum", [True, False]) for name in asked]
    extras: list[dict[str, Any]] = [{}, *({name: ["x"] for name in row.given} for row in rows)]
    for values, extra in product(product(*choices), extras):
        yield {**sample, **dict(zip(asked, values, strict=True)), **extra}


def _sample(schema: Mapping[str, Any]) -> Any:
    """A value of a field that a price is computed from: its default, or the least that is allowed."""
    if schema.get("type") in {"string", "array"}:
        return schema.get("default", "x")
    return schema.get("default", schema.get("minimum", 1))
