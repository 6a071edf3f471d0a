"""Random secrets of one stack, made once and kept in a file that only its owner can read."""

import json
import os
import secrets
from collections.abc import Callable

from stack.paths import Home


def secret(home: Home, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
    """Return the secret called `name`, making it at the first call."""
    with home.locked("secrets"):
        known = _read(home)
        if name not in known:
            known[name] = make()
            _write(home, known)
        return known[name]


def known_secret(home: Home, name: str) -> str | None:
    """Return the secret called `name`, or None if it was never made."""
    return _read(home).get(name)


def _read(home: Home) -> dict[str, str]:
    file = home.state / "secrets.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _write(home: Home, known: dict[str, str]) -> None:
    file = home.state / "secrets.json"
    draft = file.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(known, out, indent=1)
    draft.replace(file)
