"""An input against its JSON Schema: faults in our words, defaults, normal form."""

from copy import deepcopy
from typing import Any

import jsonschema_rs

from catalog.fault import Fault, path

MESSAGE_LIMIT = 200
_LIMITS = {
    "minimum": ("out_of_range", "must be at least {limit}"),
    "maximum": ("out_of_range", "must be at most {limit}"),
    "exclusiveMinimum": ("out_of_range", "must be greater than {limit}"),
    "exclusiveMaximum": ("out_of_range", "must be less than {limit}"),
    "minLength": ("too_short", "must have at least {limit} characters"),
    "maxLength": ("too_long", "must have at most {limit} characters"),
    "minItems": ("too_few_items", "must have at least {limit} items"),
    "maxItems": ("too_many_items", "must have at most {limit} items"),
    "multipleOf": ("not_a_multiple", "must be a multiple of {limit}"),
    "type": ("invalid_type", "must be of type {limit}"),
}


class InputSchema:
    """A compiled JSON Schema. Construction raises ValueError if it is none."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.document = schema
        self._validator = jsonschema_rs.validator_for(schema)

    def faults(self, value: Any) -> list[Fault]:
        """All faults; the list of errors is built only for an input that isn't valid."""
        if self._validator.is_valid(value):
            return []
        return [fault for error in self._validator.iter_errors(value) for fault in self._read(error)]

    def complete(self, value: Any) -> Any:
        """A copy with defaults applied and 5.0 written as 5 where an integer is asked for."""
        return complete(self.document, value)

    def _read(self, error: jsonschema_rs.ValidationError) -> list[Fault]:
        keyword = str(error.schema_path[-1]) if error.schema_path else ""
        where = error.instance_path
        kind = error.kind
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
            return [Fault(path(*where, str(kind.property)), "required", "is required")]
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
            return [
                Fault(path(*where, name), "unknown_field", "is not a field of this model")
                for name in kind.unexpected
            ]
        limit = self._at(error.schema_path)
        if keyword == "enum":
            choices = ", ".join(str(each) for each in limit)
            return [Fault(path(*where), "invalid_value", f"must be one of: {choices}")]
        code, words = _LIMITS.get(keyword, ("invalid_value", error.message[:MESSAGE_LIMIT]))
        return [Fault(path(*where), code, words.replace("{limit}", str(limit)))]

    def _at(self, steps: list[str | int]) -> Any:
        found: Any = self.document
        for step in steps:
            found = found[step]
        return found


def complete(schema: dict[str, Any], value: Any) -> Any:
    """Defaults and normal form for a value of any validity; what doesn't fit the schema stays as it is."""
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        given = {name: complete(properties.get(name, {}), each) for name, each in value.items()}
        for name, each in properties.items():
            if name not in value and "default" in each:
                default = each["default"]
                given[name] = deepcopy(default) if isinstance(default, dict | list) else default
        return given
    if isinstance(value, list):
        return [complete(schema.get("items", {}), each) for each in value]
    if schema.get("type") == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value
