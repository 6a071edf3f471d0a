"""A model's rules together. Most are about fields that an input doesn't have, and are not asked then."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog.fault import Fault
from catalog.rules import AtMost, Excludes, InputRule, Media, Needs, Requires, field_of


class RuleSet:
    """The rules of one model, in their order."""

    def __init__(self, rules: Sequence[InputRule]) -> None:
        self._rules = tuple(rules)
        self._triggers = tuple((_trigger(rule), rule) for rule in self._rules)
        self._media = tuple(rule for rule in self._rules if isinstance(rule, Media))
        self.media_fields = frozenset(rule.field for rule in self._media)

    def __iter__(self) -> Iterator[InputRule]:
        return iter(self._rules)

    def faults(self, given: Mapping[str, Any]) -> list[Fault]:
        """What is wrong with an input with defaults."""
        found: list[Fault] = []
        for trigger, rule in self._triggers:
            if trigger is None or given.get(trigger) is not None:
                found.extend(rule.faults(given))
        return found

    def media(self, given: Mapping[str, Any]) -> list[Media]:
        """The rules about files whose fields an input has."""
        return [rule for rule in self._media if given.get(rule.field) is not None]


def _trigger(rule: InputRule) -> str | None:
    """The field without which a rule finds nothing; None where there is no such field."""
    match rule:
        case Needs():
            return None
        case AtMost() | Excludes() | Requires():
            return field_of(rule.select)
        case _:
            return rule.field
