"""Short-lived tokens by credential, in memory only: another process signs in for itself."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from providers.job import Credential

_MARGIN_SECONDS = 60.0
"""A token is not used for calls that might still be on their way at its end."""


@dataclass(frozen=True, slots=True)
class _Token:
    credential: Credential
    secret: str = field(repr=False)
    until: float


class Tokens:
    """What providers gave for credentials."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tokens: dict[tuple[str, str], _Token] = {}
        self._locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    def held(self, provider: str, credential: Credential) -> str | None:
        """The token for exactly this secret, if it is still good."""
        token = self._tokens.get((provider, credential.id))
        good = token is not None and token.credential == credential and self._clock() < token.until
        return token.secret if token is not None and good else None

    def keep(self, provider: str, credential: Credential, secret: str, seconds: float) -> None:
        """Keep a token that is good for that long."""
        until = self._clock() + max(seconds - _MARGIN_SECONDS, seconds / 2)
        self._tokens[provider, credential.id] = _Token(credential, secret, until)

    def drop(self, provider: str, credential_id: str) -> None:
        """The provider no longer takes it."""
        self._tokens.pop((provider, credential_id), None)

    def alone(self, provider: str, credential_id: str) -> asyncio.Lock:
        """Of those who find none, one signs in and the others wait for it."""
        return self._locks[provider, credential_id]
