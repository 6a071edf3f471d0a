"""Cross-field rules and provider limits beyond a model's schema, as data: each kind is a class.

A selector names what a rule is about: `field` (given and not empty), `field=value`, or `field[key=value]`
(the items of a list that have it).
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from catalog.fault import Fault, path
from catalog.media import MediaKind, Scheme, medium_fault

_SELECTOR = re.compile(r"(?P<field>\w+)(?:\[(?P<key>\w+)=(?P<item>\w+)\]|=(?P<value>\w+))?")
_WORDS: dict[str, Any] = {"true": True, "false": False}


def _selector(text: str) -> str:
    if not _SELECTOR.fullmatch(text):
        raise ValueError(f"{text!r} is not field, field=value or field[key=value]")
    return text


Selector = Annotated[str, AfterValidator(_selector)]


@cache  # selectors are the catalog's own, a few dozen; each submit asks for a dozen of them
def _parts(selector: str) -> tuple[str, str | None, str | None, Any]:
    """The field, the key and item of a list's members, and the value that it is compared with."""
    found = _SELECTOR.fullmatch(selector)
    assert found is not None, "the catalog was validated when it was loaded"
    value = found["value"]
    return found["field"], found["key"], found["item"], None if value is None else _WORDS.get(value, value)


def selected(selector: str, given: Mapping[str, Any]) -> list[str]:
    """The paths in an input that a selector finds; none for an input of the wrong shape."""
    field, key, wanted, compared = _parts(selector)
    value = given.get(field)
    if key:
        items = value if isinstance(value, list) else []
        return [
            path(field, index)
            for index, item in enumerate(items)
            if isinstance(item, dict) and item.get(key) == wanted
        ]
    found = bool(value) if compared is None else value == compared
    return [path(field)] if found else []


def field_of(selector: str) -> str:
    """The input field that a selector is about."""
    return re.split(r"\W", selector, maxsplit=1)[0]


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Maximum(_Rule):
    """A number must not exceed the provider's limit."""

    kind: Literal["maximum"]
    field: str
    value: int

    def fields(self) -> set[str]:
        """The input fields that the rule names."""
        return {self.field}

    def faults(self, given: Mapping[str, Any]) -> Iterator[Fault]:
        """The fault, if the field is a number beyond the limit."""
        number = given.get(self.field)
        if isinstance(number, int | float) and not isinstance(number, bool) and number > self.value:
            yield Fault(path(self.field), "out_of_range", f"must be at most {self.value}")


class MaxLength(_Rule):
    """A text must not be longer than the provider's limit, in characters."""

    kind: Literal["max_length"]
    field: str
    value: int

    def fields(self) -> set[str]:
        """The input fields that the rule names."""
        return {self.field}

    def faults(self, given: Mapping[str, Any]) -> Iterator[Fault]:
        """The fault, if the field is a longer text."""
        text = given.get(self.field)
        if isinstance(text, str) and len(text) > self.value:
            yield Fault(path(self.field), "too_long", f"must have at most {self.value} characters")


class NotBlank(_Rule):
    """A text must hold more than white space."""

    kind: Literal["not_blank"]
    field: str

    def fields(self) -> set[str]:
        """The input fields that the rule names."""
        return {self.field}

    def faults(self, given: Mapping[str, Any]) -> Iterator[Fault]:
        """The fault, if the field is such a text; an empty one is the schema's business."""
        text = given.get(self.field)
        if isinstance(text, str) and text and not text.strip():
            yield Fault(path(self.field), "too_short", "must not be blank")


class AtMost(_Rule):
    """Of what is selected there may be so many."""

    kind: Literal["at_most"]
    select: Selector
    count: int

    def fields(self) -> set[str]:
        """The input fields that the rule names."""
        return {field_of(self.select)}

    def faults(self, given: Mapping[str, Any]) -> Iterator[Fault]:
        """One fault for each beyond the count."""
        for where in selected(self.select, given)[self.count :]:
            yield Fault(where, "too_many_items", f"{self.select} may be given at most {self.count} time(s)")


class Excludes(_Rule):
    """What is selected can't be used together with any of the others."""

    kind: Literal["excludes"]
    select: Selector
    others: list[Selector]

    def fields(self) -> set[str]:
        """The input fields that the rule names."""
        return {field_of(each) for each in [self.select, *self.others]}

    def faults(self, given: Mapping[str, Any]) -> Iterator[Fault]:
        """One fault for each that is selected."""
        met = [each for each in self.others if selected(each, given)]
        for where in selected(self.select, given) if met else []:
            yield Fault(where, "conflicting_fields", f"cannot be used together with {', '.join(met)}")


class Requires(_Rule):
    """What is selected needs at least one of the others."""

    kind: Literal["requires"]
    select: Selector
    any_of: list[Selector]

    def fields(self) -> set[str]:
        """The input fields that the rule names."""
        return {field_of(each) for each in [self.select, *self.any_of]}

    def faults(self, given: Mapping[str, Any]) -> Iterator[Fault]:
        """One fault for each that is selected."""
        if any(selected(each, given) for each in self.any_of):
            return
        for where in selected(self.select, given):
            yield Fault(where, "missing_companion", f"must be used together with {' or '.join(self.any_of)}")


class Needs(_Rule):
    """At least one of the selected must be there."""

    kind: Literal["needs"]
    any_of: list[Selector]

    def fields(self) -> set[str]:
        """The input fields that the rule names."""
        return {field_of(each) for each in self.any_of}

    def faults(self, given: Mapping[str, Any]) -> Iterator[Fault]:
        """The fault, if none is."""
        if not any(selected(each, given) for each in self.any_of):
            yield Fault(path(field_of(self.any_of[0])), "required", f"needs {' or '.join(self.any_of)}")


class Media(_Rule):
    """A field holds references to media: a text, a list of texts, or a list of objects that have `key`.

    `seconds` is the field that counts how much of it is used: all of it, where that is known.
    """

    kind: Literal["media"]
    field: str
    key: str | None = None
    seconds: str | None = None
    medium: MediaKind
    accept: list[Scheme]

    def fields(self) -> set[str]:
        """The input fields that the rule names."""
        return {self.field} | ({self.seconds} if self.seconds else set())

    def faults(self, given: Mapping[str, Any]) -> Iterator[Fault]:
        """One fault for each reference that can't be used."""
        for where, value in self.references(given):
            fault = medium_fault(value, self.medium, self.accept)
            if fault is not None:
                yield Fault(where, *fault)

    def references(self, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The references in an input, each with its path; what is no text is the schema's business."""
        return ((where, each) for where, each in self._values(given.get(self.field)) if isinstance(each, str))

    def _values(self, value: Any) -> Iterator[tuple[str, Any]]:
        if not isinstance(value, list):
            yield path(self.field), value
            return
        for index, item in enumerate(value):
            if self.key is None:
                yield path(self.field, index), item
            elif isinstance(item, dict):
                yield path(self.field, index, self.key), item.get(self.key)


InputRule = Annotated[
    Maximum | MaxLength | NotBlank | AtMost | Excludes | Requires | Needs | Media,
    Field(discriminator="kind"),
]
