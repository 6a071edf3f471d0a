"""Is a new schema of an event compatible with the old one? Within a major version events are add-only.

Compatible: whatever the old schema accepted the new one accepts, and no property goes away. So records that
wait in Kafka, in outboxes and in dead letters stay readable. Readers are upgraded before writers, therefore
widening (a new enum value, a looser bound) is allowed. A keyword unknown to this checker may not change.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

_ANNOTATIONS = {"$schema", "$id", "$defs", "$comment", "title", "description", "examples", "deprecated"}
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EXACT = ("format", "pattern", "multipleOf", "uniqueItems", "discriminator", "contentEncoding")
_KNOWN = {
    *_ANNOTATIONS,
    *_LOWER,
    *_UPPER,
    *_EXACT,
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "enum",
    "items",
    "oneOf",
    "properties",
    "required",
    "type",
}


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """What a reader of the new schema could not read any more, a sentence each with its path."""
    return list(_Comparison(old, new).compare(old, new, "$"))


class _Comparison:
    """Two documents, needed to follow their references."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._open: list[tuple[str, str]] = []  # being compared: a schema may refer to itself

    def compare(self, old: Any, new: Any, path: str) -> Iterator[str]:
        """Compare two schemas, or the booleans that stand for one."""
        pair = (_reference(old), _reference(new))
        if all(pair) and pair in self._open:
            return
        self._open.append(pair)
        before, after = _resolve(self._old, old), _resolve(self._new, new)
        if any(union in schema for union in ("anyOf", "oneOf") for schema in (before, after)):
            yield from self._compare_unions(before, after, path)
        else:
            yield from self._compare_plain(before, after, path)
        self._open.pop()

    def _compare_unions(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        """Each branch of the old one must be covered by a branch of the new one."""
        yield from _default(old, new, path)
        for branch in _branches(old):
            tried = [list(self.compare(branch, candidate, path)) for candidate in _branches(new)]
            if all(tried):
                closest = min(tried, key=len)
                yield from closest if len(closest) == 1 else [f"{path}: no longer accepts {_name(branch)}"]

    def _compare_plain(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        yield from _types(old, new, path)
        yield from _values(old, new, path)
        yield from _bounds(old, new, path)
        yield from _default(old, new, path)
        for keyword in (*_EXACT, *(k for k in {**old, **new} if k not in _KNOWN and not k.startswith("x-"))):
            if keyword in new and old.get(keyword) != new[keyword]:
                yield f"{path}: {keyword} changed from {old.get(keyword)!r} to {new[keyword]!r}"
        yield from self._properties(old, new, path)
        yield from self._inner(old, new, path)

    def _properties(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before.keys() - after.keys():
            yield f"{path}.{name}: property removed"
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield f"{path}.{name}: became required"
        for name in sorted(before.keys() & after.keys()):
            yield from self.compare(before[name], after[name], f"{path}.{name}")

    def _inner(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        for keyword, step in (("items", "[]"), ("additionalProperties", ".*")):
            before = old.get(keyword, True)
            if keyword in new and before is not False:
                yield from self.compare(before, new[keyword], path + step)


def _types(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = _listed(old.get("type")), _listed(new.get("type"))
    if after and "number" in after:
        after = after | {"integer"}
    if after is not None and (before is None or not before <= after):
        yield f"{path}: type changed from {_words(before)} to {_words(after)}"


def _values(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = _allowed(old), _allowed(new)
    if after is None:
        return
    if before is None:
        yield f"{path}: now only {_words(after)}"
    elif lost := [value for value in before if value not in after]:
        yield f"{path}: no longer accepts {_words(lost)}"


def _bounds(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for keyword in (*_LOWER, *_UPPER):
        if keyword not in new:
            continue
        before, after = old.get(keyword), new[keyword]
        if before is None or (after > before if keyword in _LOWER else after < before):
            yield f"{path}: {keyword} narrowed from {before} to {after}"


def _default(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """Records without the property would mean something else."""
    if "default" in old and old["default"] != new.get("default", old["default"]):
        yield f"{path}: default changed from {old['default']!r} to {new['default']!r}"


def _resolve(document: Schema, schema: Any) -> Schema:
    """The schema behind a reference, with what stands beside the reference; `true` and `false` as schemas."""
    if isinstance(schema, bool):
        return {} if schema else {"enum": []}
    if "$ref" not in schema:
        found: Schema = schema
        return found
    name = schema["$ref"].removeprefix("#/$defs/")
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {**_resolve(document, document["$defs"][name]), **beside}


def _reference(schema: Any) -> str:
    return schema.get("$ref", "") if isinstance(schema, Mapping) else ""


def _branches(schema: Schema) -> list[Any]:
    return list(schema.get("anyOf") or schema.get("oneOf") or [schema])


def _listed(value: Any) -> set[str] | None:
    if value is None:
        return None
    return {value} if isinstance(value, str) else set(value)


def _allowed(schema: Schema) -> list[Any] | None:
    """The values that `const` or `enum` allow, or None for any."""
    if "const" in schema:
        return [schema["const"]]
    return list(schema["enum"]) if "enum" in schema else None


def _name(schema: Any) -> str:
    return _reference(schema).removeprefix("#/$defs/") or str(schema.get("type", schema))


def _words(values: Any) -> str:
    return "anything" if values is None else ", ".join(sorted(map(repr, values))) or "nothing"
