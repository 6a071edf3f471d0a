"""The catalog's models on fal and Replicate are those that the simulator checks field by field."""

from typing import Any

import pytest
from catalog.catalog import Catalog
from simulator import fal_models, replicate_models
from simulator.open_models import OpenModel

ROUTES = [
    pytest.param(route, id=f"{slug}-{route.model}")
    for slug, model in Catalog.load().models.items()
    for route in model.routes
    if route.protocol in ("fal", "replicate")
]


def known(protocol: str, name: str) -> OpenModel | None:
    if protocol == "fal":
        return fal_models.MODELS.get(name)
    owner_and_name, _, version = name.partition(":")
    listed = not version or replicate_models.VERSIONS.get(version) == owner_and_name
    return replicate_models.MODELS.get(owner_and_name) if listed else None


@pytest.mark.parametrize("route", ROUTES)
def test_a_routes_words_are_its_models(route: Any) -> None:
    model = known(route.protocol, route.model)
    assert model is not None, "add it to fal_models.py or replicate_models.py"
    said = {*(route.template or {}), *route.options}
    assert said <= set(model.fields)
    assert set(model.required) <= said
