"""Input fields that many models share: `fields.yaml`, and `like:` in a model's schema."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog.shapes import FieldsFile
from catalog.yamlfile import YamlFile, read_shape

LIKE = "like"
Fields = Mapping[str, Mapping[str, Any]]


def load_fields(path: Path) -> Fields:
    """The shared fields by name; none if there is no such file. Raises CatalogError."""
    return read_shape(YamlFile(path), FieldsFile).fields if path.exists() else {}


def with_shared(file: YamlFile, schema: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """A schema whose properties that are `like` a shared field are that field, their own words over it."""
    properties = schema.get("properties", {})
    return {
        **schema,
        "properties": {name: _property(file, name, each, fields) for name, each in properties.items()},
    }


def _property(file: YamlFile, name: str, own: Any, fields: Fields) -> Any:
    if not isinstance(own, dict) or LIKE not in own:
        return own
    place = ["input", "properties", name, LIKE]
    base = fields.get(own[LIKE])
    if base is None:
        raise file.fault(place, f"fields.yaml has no field {own[LIKE]!r}")
    return {**base, **{key: value for key, value in own.items() if key != LIKE}}
