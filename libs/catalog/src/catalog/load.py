"""From files to models: a fault in an operator's file is named with its line before anything is served."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from catalog.checks import check
from catalog.model import Model
from catalog.routes import Route
from catalog.ruleset import RuleSet
from catalog.schema import InputSchema
from catalog.shapes import ModelFile, TiersFile
from catalog.shared import Fields, with_shared
from catalog.tiers import Tier
from catalog.yamlfile import YamlFile, read_shape


def load_tiers(path: Path) -> dict[str, Tier]:
    """The tiers by name, lowest first. Raises CatalogError."""
    shape = read_shape(YamlFile(path), TiersFile)
    return {each.name: Tier(rank=rank, **each.model_dump()) for rank, each in enumerate(shape.tiers)}


def load_model(path: Path, tiers: Mapping[str, Tier], fields: Fields) -> Model:
    """The model in a file. Raises CatalogError."""
    file = YamlFile(path)
    shape = _with_workflows(file, read_shape(file, ModelFile))
    shape = shape.model_copy(update={"input": with_shared(file, shape.input, fields)})
    try:
        schema = InputSchema(shape.input)
    except ValueError as error:
        raise file.fault(["input"], f"not a JSON Schema: {error}") from error
    check(file, shape, tiers)
    return Model(
        slug=shape.slug,
        title=shape.title,
        description=shape.description,
        kind=shape.kind,
        minimum_tier=shape.minimum_tier,
        routes=tuple(shape.routes),
        price_rows=tuple(shape.price),
        rules=RuleSet(shape.rules),
        derived=shape.derive,
        resolution=shape.resolution,
        frames_field=shape.frames_field,
        tiers=tiers,
        input_schema=schema,
    )


def _with_workflows(file: YamlFile, shape: ModelFile) -> ModelFile:
    """The same with the templates that lie in files of their own, in the folder of the model's."""
    routes = [_with_workflow(file, ("routes", index), route) for index, route in enumerate(shape.routes)]
    return shape.model_copy(update={"routes": routes})


def _with_workflow(file: YamlFile, steps: Sequence[str | int], route: Route) -> Route:
    if route.workflow is None:
        return route
    place = [*steps, "workflow"]
    if route.template is not None:
        raise file.fault(place, "template and workflow can't be given together")
    path = file.path.parent / route.workflow
    if path.parent != file.path.parent:
        raise file.fault(place, f"{route.workflow!r} must be the name of a file beside this one")
    try:
        template = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise file.fault(place, f"{path}: {error}") from error
    if not isinstance(template, dict):
        raise file.fault(place, f"{path} doesn't hold a JSON object")
    return route.model_copy(update={"template": template})
