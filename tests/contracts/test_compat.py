"""The checker of schemas: each kind of incompatible change is refused, every addition accepted."""

import copy
import json
from typing import Any

import pytest
from contracts.compat import incompatibilities
from contracts.docs import SCHEMAS

OLD: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "state": {"type": "string", "enum": ["open", "closed"]},
        "kind": {"const": "note", "type": "string"},
        "count": {"type": "integer", "minimum": 0, "maximum": 10},
        "score": {"type": "number"},
        "title": {"type": "string", "maxLength": 20, "minLength": 1},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "repeat": {"type": "integer", "default": 1},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
        "owner": {"$ref": "#/$defs/Owner"},
        "extra": {"type": "object", "additionalProperties": True},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "anything": {},
    },
    "$defs": {
        "Owner": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "boss": {"anyOf": [{"$ref": "#/$defs/Owner"}, {"type": "null"}], "default": None},
            },
        },
        "Person": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """OLD with the value at a slash-separated path replaced; `...` removes it."""
    new = copy.deepcopy(OLD)
    *way, last = path.split("/")
    target = new
    for step in way:
        target = target[step]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return new


REFUSED = {
    "a property becomes required": ("required", ["id", "state", "count"], "$.count: became required"),
    "a new property is required": ("required", ["id", "state", "new"], "$.new: became required"),
    "a required property is removed": ("properties/id", ..., "$.id: property removed"),
    "an optional property is removed": ("properties/note", ..., "$.note: property removed"),
    "a type changes": ("properties/id", {"type": "integer"}, "$.id: type changed"),
    "a number becomes an integer": ("properties/score/type", "integer", "$.score: type changed"),
    "any value becomes a string": ("properties/anything", {"type": "string"}, "$.anything: type changed"),
    "null is no longer accepted": ("properties/note", {"type": "string"}, "$.note: type changed"),
    "a union loses a branch": (
        "properties/note/anyOf",
        [{"type": "null"}, {"type": "integer"}],
        "$.note: ",
    ),
    "an enum loses a value": ("properties/state/enum", ["open"], "$.state: no longer accepts 'closed'"),
    "a string gets an enum": ("properties/title/enum", ["a"], "$.title: now only 'a'"),
    "a const changes": ("properties/kind/const", "other", "$.kind: no longer accepts 'note'"),
    "a const is added": ("properties/title/const", "a", "$.title: now only 'a'"),
    "a minimum rises": ("properties/count/minimum", 1, "$.count: minimum narrowed"),
    "a maximum falls": ("properties/count/maximum", 9, "$.count: maximum narrowed"),
    "a bound is added": ("properties/score/minimum", 0, "$.score: minimum narrowed"),
    "an exclusive bound is added": ("properties/score/exclusiveMaximum", 1, "$.score: exclusiveMaximum narr"),
    "a text must be longer": ("properties/title/minLength", 2, "$.title: minLength narrowed"),
    "a text must be shorter": ("properties/title/maxLength", 19, "$.title: maxLength narrowed"),
    "a list must be shorter": ("properties/tags/maxItems", 4, "$.tags: maxItems narrowed"),
    "a list must not be empty": ("properties/tags/minItems", 1, "$.tags: minItems narrowed"),
    "items change": ("properties/tags/items", {"type": "integer"}, "$.tags[]: type changed"),
    "a format is added": ("properties/title/format", "email", "$.title: format changed"),
    "a format changes": ("properties/id/format", "uri", "$.id: format changed"),
    "a pattern is added": ("properties/title/pattern", "^a", "$.title: pattern changed"),
    "a default changes": ("properties/repeat/default", 2, "$.repeat: default changed"),
    "a union's default changes": ("properties/note/default", "", "$.note: default changed"),
    "unknown fields are refused": ("additionalProperties", False, "$.*: now only nothing"),
    "values of a map narrow": (
        "properties/labels/additionalProperties/maxLength",
        3,
        "$.labels.*: maxLength narrowed",
    ),
    "a free map gets a shape": (
        "properties/extra/additionalProperties",
        {"type": "string"},
        "$.extra.*: type changed",
    ),
    "something inside a reference": ("$defs/Owner/properties/name/type", "integer", "$.owner.name: type"),
    "a reference to another shape": ("properties/owner/$ref", "#/$defs/Person", "$.owner.boss: property rem"),
    "a keyword the checker does not know": ("properties/title/not", {"const": "x"}, "$.title: not changed"),
}


@pytest.mark.parametrize(("path", "value", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_an_incompatible_change_is_named_with_its_path(path: str, value: Any, expected: str) -> None:
    problems = incompatibilities(OLD, changed(path, value))
    assert len(problems) == 1
    assert problems[0].startswith(expected)


ACCEPTED = {
    "nothing changes": ("type", "object"),
    "an optional property": ("properties/new", {"type": "string", "default": ""}),
    "a property is no longer required": ("required", ["id"]),
    "an enum grows": ("properties/state/enum", ["open", "closed", "archived"]),
    "an enum becomes any text": ("properties/state/enum", ...),
    "a const becomes an enum": ("properties/kind", {"enum": ["note", "task"], "type": "string"}),
    "a minimum falls": ("properties/count/minimum", -1),
    "a maximum goes": ("properties/count/maximum", ...),
    "a text may be longer": ("properties/title/maxLength", 21),
    "an integer becomes a number": ("properties/count/type", "number"),
    "null is accepted too": ("properties/title", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    "a union grows": ("properties/note/anyOf", [{"type": "null"}, {"type": "string"}, {"type": "integer"}]),
    "several types at once": ("properties/count/type", ["integer", "string"]),
    "a format goes": ("properties/id/format", ...),
    "anything goes": ("properties/title", {}),
    "words about it": ("properties/title/description", "its heading"),
    "an optional property inside a reference": (
        "$defs/Owner/properties/since",
        {"type": "string", "default": ""},
    ),
    "a reference to an equal shape": ("$defs/Owner", {"$ref": "#/$defs/Same"}),
}


@pytest.mark.parametrize(("path", "value"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_an_addition_or_a_widening_is_accepted(path: str, value: Any) -> None:
    new = changed(path, value)
    new["$defs"]["Same"] = copy.deepcopy(OLD["$defs"]["Owner"])
    assert incompatibilities(OLD, new) == []


def test_two_faults_are_both_reported() -> None:
    new = changed("properties/id/type", "integer")
    del new["properties"]["note"]
    assert len(incompatibilities(OLD, new)) == 2


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_every_committed_schema_is_compatible_with_itself_and_not_without_a_property(path: Any) -> None:
    schema = json.loads(path.read_text("utf-8"))
    assert incompatibilities(schema, schema) == []
    for name in schema["properties"]:
        less = copy.deepcopy(schema)
        del less["properties"][name]
        assert incompatibilities(schema, less) == [f"$.{name}: property removed"]
