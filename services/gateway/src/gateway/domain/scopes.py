"""Scopes: what a key may do of what its account may do."""

from collections.abc import Collection, Iterable
from typing import Final, Literal, get_args

from gateway.domain.problem import Problem

Scope = Literal["read", "write", "keys"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
"""`read` looks, `write` submits, cancels, uploads and deletes, `keys` manages keys and webhook secrets."""


def require(held: Collection[str], scope: Scope) -> None:
    """Raises Problem 403 unless the scope is held."""
    if scope not in held:
        message = f"This key lacks the scope {scope!r}; it has: {', '.join(ordered(held)) or 'none'}."
        raise Problem(403, "insufficient_scope", message)


def ordered(scopes: Iterable[str]) -> list[str]:
    """Without repeats, in the order of the documents."""
    held = set(scopes)
    return [scope for scope in SCOPES if scope in held]
