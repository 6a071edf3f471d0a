"""Answers made wrong on purpose: a field dropped or replaced, another status, a header gone."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

_Change = Callable[[dict[str, Any], str], None]


@dataclass(frozen=True, slots=True)
class Alteration:
    """What to do to answers below a path. `drop` and the keys of `set` are names, dotted to say where."""

    path: str = ""
    method: str = ""
    drop: tuple[str, ...] = ()
    set: tuple[tuple[str, Any], ...] = ()
    drop_headers: tuple[str, ...] = ()
    status: int | None = None

    def concerns(self, method: str, path: str) -> bool:
        """Whether an answer to this request is meant: `path` is a regular expression found anywhere in it."""
        return self.method in ("", method) and re.search(self.path, path) is not None

    def body(self, data: bytes) -> bytes:
        """The JSON body without what is dropped; anything else as it is."""
        try:
            value = orjson.loads(data)
        except orjson.JSONDecodeError:
            return data
        for name in self.drop:
            _everywhere(value, tuple(name.split(".")), _drop)
        for name, new in self.set:
            _everywhere(value, tuple(name.split(".")), _setting(new))
        return orjson.dumps(value)


def alterations(told: Iterable[Any]) -> tuple[Alteration, ...]:
    """Alterations from JSON: `{path?, method?, drop?: [names], set?: {name: value}, drop_headers?, status?}`.

    Raises ValueError that names the fault.
    """
    return tuple(_alteration(each) for each in told)


def _alteration(told: Any) -> Alteration:
    if not isinstance(told, dict) or set(told) - {"path", "method", "drop", "set", "drop_headers", "status"}:
        raise ValueError("alter: a list of {path, method, drop, set, drop_headers, status} is expected")
    status, replaced = told.get("status"), told.get("set", {})
    if status is not None and (not isinstance(status, int) or not 200 <= status <= 599):
        raise ValueError("alter: status must be from 200 to 599")
    if not isinstance(replaced, dict):
        raise ValueError("alter: set must be an object")
    try:
        re.compile(str(told.get("path", "")))
    except re.error:
        raise ValueError("alter: path must be a regular expression") from None
    return Alteration(
        str(told.get("path", "")), str(told.get("method", "")).upper(), _names(told, "drop"),
        tuple(replaced.items()), _names(told, "drop_headers"), status,
    )  # fmt: skip


def _names(told: dict[str, Any], member: str) -> tuple[str, ...]:
    names = told.get(member, [])
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"alter: {member} must be a list of names")
    return tuple(names)


def _setting(new: Any) -> "_Change":
    def change(owner: dict[str, Any], key: str) -> None:
        owner[key] = new

    return change


def _drop(owner: dict[str, Any], key: str) -> None:
    del owner[key]


def _everywhere(value: Any, wanted: tuple[str, ...], change: _Change, trail: tuple[str, ...] = ()) -> None:
    """Call `change(owner, key)` wherever the way to a key ends with the wanted names; lists don't count."""
    if isinstance(value, list):
        for each in value:
            _everywhere(each, wanted, change, trail)
    if not isinstance(value, dict):
        return
    for key in list(value):
        if (*trail, key)[-len(wanted) :] == wanted:
            change(value, key)
        else:
            _everywhere(value[key], wanted, change, (*trail, key))
